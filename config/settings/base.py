"""What every site and every way of running has in common: no credential, no key, no app of one site only."""

from pathlib import Path

from config.settings import environment

ROOT = environment.ROOT

DEBUG = False
DEMO = False
IN_PRODUCTION = False
# Of Django and of libraries, then the apps under every site; each site adds its own after them.
COMMON_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "widget_tweaks",
    "dsfr",
    "django_htmx",
    "traitdunion.audit",
    "traitdunion.territories",
    "traitdunion.identity",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "traitdunion.portal.typography.FrenchSpacesMiddleware",  # below it: it says the length of the answer
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "traitdunion.identity.sessions.SessionLimitsMiddleware",
    "traitdunion.identity.middleware.MandateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "traitdunion.portal.context.site",
            ],
            "builtins": ["django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "dsfr.forms.DsfrDjangoTemplates"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.Person"
AUTHENTICATION_BACKENDS = ["traitdunion.identity.oidc.StrictOIDCBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
LOGIN_URL = "identity:sign_in"
LOGIN_REDIRECT_URL = "identity:mandate_choice"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 10 * 60 * 60  # ten hours at most, whatever the activity
SESSION_IDLE_SECONDS = 60 * environment.number("TRAITDUNION_SESSION_IDLE_MINUTES", 30)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

ASSETS = Path(environment.text("TRAITDUNION_ASSETS", str(ROOT / ".cache" / "assets")))
STATIC_URL = "static/"
STATIC_ROOT: str | None = environment.text("TRAITDUNION_STATIC_ROOT", str(ROOT / ".cache" / "static"))
STATICFILES_DIRS = [("assets", str(ASSETS / "static"))] if (ASSETS / "static").is_dir() else []
WHITENOISE_USE_FINDERS = False

FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
UPLOAD_LIMIT_BYTES = environment.number("TRAITDUNION_UPLOAD_LIMIT_BYTES", 20 * 1024 * 1024)

MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": environment.text("TRAITDUNION_SMTP_HOST", "127.0.0.1"),
            "port": environment.number("TRAITDUNION_SMTP_PORT", 25),
            "username": environment.text("TRAITDUNION_SMTP_USER", ""),
            "password": environment.text("TRAITDUNION_SMTP_PASSWORD", ""),
            "use_tls": environment.flag("TRAITDUNION_SMTP_STARTTLS", default=False),
            "timeout": 20,
        },
    }
}
DEFAULT_FROM_EMAIL = environment.text("TRAITDUNION_MAIL_FROM", "Trait d’union <ne-pas-repondre@localhost>")

OIDC_ISSUER = environment.text("TRAITDUNION_OIDC_ISSUER", "")
OIDC_ACR_ALLOWED = environment.words("TRAITDUNION_OIDC_ACR_ALLOWED", "")
OIDC_MAX_AGE_SECONDS = environment.number("TRAITDUNION_OIDC_MAX_AGE_SECONDS", 12 * 60 * 60)
OIDC_RP_SIGN_ALGO = environment.text("TRAITDUNION_OIDC_ALGORITHM", "RS256")
OIDC_RP_SCOPES = environment.text("TRAITDUNION_OIDC_SCOPES", "openid email given_name usual_name")
OIDC_AUTHENTICATION_CALLBACK_URL = "identity:oidc_callback"
OIDC_TIMEOUT = 10
OIDC_USE_PKCE = True
OIDC_PKCE_CODE_CHALLENGE_METHOD = "S256"
OIDC_USE_NONCE = True
OIDC_STATE_SIZE = 43
OIDC_NONCE_SIZE = 43
OIDC_STORE_ID_TOKEN = True  # the provider wants it back to close its own session
OIDC_CREATE_USER = False

# Shown on the legal page; whoever runs the site fills them.
PUBLISHER = {
    "name": environment.text("TRAITDUNION_PUBLISHER_NAME", ""),
    "director": environment.text("TRAITDUNION_PUBLISHER_DIRECTOR", ""),
    "host": environment.text("TRAITDUNION_PUBLISHER_HOST", ""),
    "contact": environment.text("TRAITDUNION_PUBLISHER_CONTACT", ""),
}

SILENCED_SYSTEM_CHECKS: list[str] = []

DSFR_USE_INTEGRITY_CHECKSUMS = True
DSFR_MARK_OPTIONAL_FIELDS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.text("TRAITDUNION_LOG_LEVEL", "WARNING")},
}
