//! Event log files (`.evtx`).
