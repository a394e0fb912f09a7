//! Real NATS and PostgreSQL servers for tests: started on free ports, in temporary folders, and gone with the test.
