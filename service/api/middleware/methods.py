"""What an address of the API answers to a method that it has no operation for, and what no operation has.

The web page stands behind all routes and takes every path, so that without this route both would be looked
for among the page's files: a wrong method would not be found (404), and what is not found would be told in
the page's way.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class OtherMethods(BaseRoute):
    """Answers for ``routes`` where one has the path of a request, but none its method.

    HEAD is GET without the body, OPTIONS names what is allowed, all others are refused with 405. Below
    ``/v1`` nothing is the page's: what no route has is 404.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        """Take the routes that stand before this one."""
        # A copy: this route is about to stand in that list itself.
        self._routes = tuple(routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what one of the routes matches in part, and all of /v1."""
        found = scope["type"] == "http" and (scope["path"].startswith("/v1/") or self._partial(scope))
        return (Match.FULL if found else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request. Raise HTTPException 404, 405."""
        if not self._partial(scope):
            raise HTTPException(404)
        allowed = self._allowed(scope)
        method = scope["method"]
        if method == "HEAD" and "HEAD" in allowed:
            await _head(scope, receive, send)
        elif method == "OPTIONS":
            await Response(status_code=204, headers={"Allow": ", ".join(allowed)})(scope, receive, send)
        else:
            await self._refuse(scope, receive, send, allowed)

    def _partial(self, scope: Scope) -> tuple[BaseRoute, Scope] | None:
        for route in self._routes:
            match, child = route.matches(scope)
            if match is Match.PARTIAL:
                return route, dict(child)
        return None

    def _allowed(self, scope: Scope) -> list[str]:
        """Return all methods of the path: routes of one path may have one each."""
        found = {"OPTIONS"}
        for method in _METHODS:
            # A route that has the path but not the method matches in part only.
            asked = {**scope, "method": method}
            if any(route.matches(asked)[0] is Match.FULL for route in self._routes):
                found |= {method, "HEAD"} if method == "GET" else {method}
        return sorted(found)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, allowed: list[str]) -> None:
        """Have the route itself refuse, so that logs and figures have its name; it knows only its own
        methods.
        """
        found = self._partial(scope)
        try:
            if found:
                route, child = found
                scope.update(child)
                await route.handle(scope, receive, send)
        except HTTPException as error:
            if error.status_code != 405:
                raise
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)}) from None


async def _head(scope: Scope, receive: Receive, send: Send) -> None:
    asked = {**scope, "method": "GET"}

    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    # Once more from the beginning as GET: its headers, the length too, are those of the page.
    await scope["router"](asked, receive, without_body)
    scope["route"] = asked.get("route")
