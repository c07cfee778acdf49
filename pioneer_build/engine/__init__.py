"""The local backend: the service's HTTP contract over an engine that runs on this machine's CPU.

    config.EngineConfig                 what an engine is told; cheap to import
    app.create_app(config)              the ASGI application; in-process or under any ASGI server
    server.run_server(config, ...)      the same on a loopback port, until SIGINT or SIGTERM

    POST /generate -> state (a job, durable) -> workers (job_runner claims it) -> generating.produce -> rows in state
    label-existing -> labelling (models and patterns, off the event loop) -> answer

`app` has the routes (`routes/`), which share one `runtime`: state, threads and budget. `admission` judges keys, limits
and sizes; `requests` and `responses` are the bodies; `openapi` describes them.

Importing this package loads nothing; the modules above need the extra `local`.
"""
