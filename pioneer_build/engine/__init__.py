"""The local backend: the service's HTTP contract over an engine that runs on this machine's CPU.

    config.EngineConfig                 what an engine is told; cheap to import
    app.create_app(config)              the ASGI application; in-process or under any ASGI server
    server.run_server(config, ...)      the same on a loopback port, until SIGINT or SIGTERM

    request -> state (a job, durable) -> crew (claims it) -> generating.produce -> rows in state
    request -> labelling (models and patterns, off the event loop) -> answer

Importing this package loads nothing; the modules above need the extra `local`.
"""
