"""The HTTP API of the service: the one place in this package that speaks HTTP.

    connect.py      opens a service: over the network, or in-process for the local engine
    client.py       `HttpService`: the `Service` port; what is sent, how often, and when it is given up
    datasets.py     the dataset endpoints, which a service may or may not have
    probe.py        what `doctor` asks of a service, for nothing
    transport.py    one request, one answer: the key, time-outs, how much of a body is read
    connections.py  fresh ones for paid requests, kept ones for the rest
    retry.py        how often a request is tried again, and how long it waits in between
    error_map.py    the one map from what happened to the errors of this package
    wire.py         what answers look like, judged by pydantic
    redaction.py    the service's own words, made safe to show; the key, hidden
    rate_limiter.py who of this process may send next;  rate_window.py  what this machine has sent
    notes.py        what a caller may want to tell its user meanwhile

Importing this package imports none of them.
"""
