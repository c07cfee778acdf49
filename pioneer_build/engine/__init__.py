"""The HTTP API of the service, implemented in this process. Its makers make the rows and the labels: those of the local
backend, which run on this machine's CPU, or those of a language model.

    config.EngineConfig                 the settings of an engine; cheap to import
    makers.Makers                       makes rows and labels; `local_makers` has those of the local backend
    app.create_app(config, makers)      the ASGI application; in-process or under any ASGI server
    server.run_server(config, ...)      the same on a loopback port, until SIGINT or SIGTERM

    POST /generate -> stored_jobs (a job, durable) -> workers (job_runner claims it) -> makers (generating.produce)
                   -> stored_jobs (its rows)
    label-existing -> makers (labelling: models and patterns, off the event loop) -> response
                   answers that cost something -> config.answers, before they count

`app` has the routes (`routes/`), which share one `runtime`: state, threads and budget. `admission` checks keys, limits
and sizes; `requests` and `responses` define the bodies; `openapi` describes them.

Importing this package loads nothing; `local_makers` and what it uses need the extra `local`.
"""
