"""The HTTP gateway: the public contract over the log and the views.

`app.build` makes the application. One table (`table.OPERATIONS`) declares every call; the routes (`app`) and the
OpenAPI document (`openapi`) are both made from it. A call lives with its theme in `calls/`, the shapes it takes and
gives in `shapes/`. Nothing here keeps state but caches that a position validates.
"""
