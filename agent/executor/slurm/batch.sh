#!/bin/sh
# The job of a run. Its words are our program, which reads in the job's folder, that of the run, what it has to do.
exec "$@"
