"""Sign-in by OpenID Connect."""

from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class StrictOIDCBackend(OIDCAuthenticationBackend):
    pass
