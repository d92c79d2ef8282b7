"""What a page receives once the visitor has signed in and chosen a mandate."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

from traitdunion.identity.models import Mandate, Person


class SignedInRequest(HttpRequest):
    """A request whose user is one of ours and acts under a mandate."""

    user: Person
    mandate: Mandate
    htmx: HtmxDetails


def mandate_required[**P](
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let a page run only under a mandate: sign in first, then choose one."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.mandate:  # type: ignore[attr-defined]  # set by MandateMiddleware
            response: HttpResponse = redirect("identity:mandate_choice")
            return response
        return view(cast(SignedInRequest, request), *args, **kwargs)

    return guarded
