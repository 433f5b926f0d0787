-- Models that a person took out. One row each, until it is let in again.
CREATE TABLE switches (
    id TEXT PRIMARY KEY NOT NULL,             -- provider/model
    at REAL NOT NULL                          -- seconds since 1970-01-01 UTC, when it was taken out
);
CREATE INDEX IF NOT EXISTS decisions_of_session ON decisions (session, at);
