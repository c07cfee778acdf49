"""The HTTP API of the service: the one place in this package that speaks HTTP.

connect       opens a service: over the network, or in-process for the local engine
client        `HttpService`: the `Service` port; what is sent, how often, and when it is given up
datasets      the dataset endpoints, which a service may or may not have
probe         what `doctor` asks of a service, for nothing
transport     one request, one answer: the key, time-outs, how much of a body is read
connections   fresh ones for paid requests, kept ones for the rest
retry         how often a request is tried again, and how long it waits in between
error_map     the one map from what happened to the errors of this package
wire          what answers look like, judged by pydantic
redaction     the service's own words, made safe to show; the key, hidden
rate_limiter  who of this process may send next
rate_window   what this machine has sent in the last minute, in a file that its processes share
notes         what a caller may want to tell its user meanwhile

Importing this package imports none of them.
"""
