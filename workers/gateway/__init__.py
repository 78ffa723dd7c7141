"""The HTTP gateway: the public API over the log and the views.

`app.build` makes the application. One table (`table.OPERATIONS`) declares every operation; the routes (`app`) and the
OpenAPI document (`openapi`) are both made from it. Handlers are in `operations/` by topic, the types of requests and
responses in `shapes/`. The gateway keeps no state except caches that a position validates.
"""
