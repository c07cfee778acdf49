"""The local backend: the HTTP API of the service, implemented by an engine that runs on this machine's CPU.

    config.EngineConfig                 the settings of an engine; cheap to import
    app.create_app(config)              the ASGI application; in-process or under any ASGI server
    server.run_server(config, ...)      the same on a loopback port, until SIGINT or SIGTERM

    POST /generate -> stored_jobs (a job, durable) -> workers (job_runner claims it) -> generating.produce
                   -> stored_jobs (its rows)
    label-existing -> labelling (models and patterns, off the event loop) -> response

`app` has the routes (`routes/`), which share one `runtime`: state, threads and budget. `admission` checks keys, limits
and sizes; `requests` and `responses` define the bodies; `openapi` describes them.

Importing this package loads nothing; the modules above need the extra `local`.
"""
