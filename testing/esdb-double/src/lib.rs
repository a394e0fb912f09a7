//! A double of EventStoreDB that speaks its real protocol, for tests only.
