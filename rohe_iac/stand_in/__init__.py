"""The program that runs in place of a service that was measured but has no command.

It accepts requests over HTTP, holds each for the measured time, burns the measured processor time and passes the
request on. How a stand-in behaves is decided in `planning.sizing.stand_ins`.
"""
