"""The HTTP API of the service: the one place in this package that speaks HTTP.

    connect.py      opens a service: over the network, or in-process for the local engine
    client.py       `HttpService`: the `Service` port; what is sent, how often, and when it is given up
    datasets.py     the dataset endpoints, which a service may or may not have
    lanes.py        connections: fresh ones for paid requests, kept ones for the rest
    outcomes.py     the one map from what happened to the errors of this package
    wire.py         what answers look like, judged by pydantic
    said.py         the service's own words, made safe to show; the key, hidden
    pacer.py        who of this process may send next;  window.py  what this machine has sent
    notes.py        what a caller may want to tell its user meanwhile

Importing this package imports none of them.
"""
