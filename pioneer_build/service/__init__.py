"""The HTTP API of the service. `web` has what it shares with the client of language models.

connect            opens a service: over the network, or in-process for the local engine
client             `HttpService`: implements the `Service` port; decides what is sent, and how often
datasets           the dataset endpoints, which not every service has
probe              the free requests that `doctor` sends to check a service
transport          one request and its response: the key, time-outs
repeated_key       refuses an answer that has the key in it
response_bounds    how large a response may be
retry              how often a request is retried, and how long to wait in between
error_map          maps outcomes of requests to errors of this package
submit_response    the id of the accepted job
job_response       the state of a job, and its rows
label_response     annotations
versions_response  versions
responses          what these four share
rate_limiter       which request of this process may be sent next
rate_window        the requests of this machine in the last minute, in a file that its processes share
notes              remarks for the user during a request

Importing this package imports none of its modules.
"""
