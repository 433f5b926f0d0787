BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'turnout','decisions','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'turnout','pins','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'turnout','evidence','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'turnout','bodies','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'turnout','money','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'turnout','switches','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'turnout','audit','2026-11-22 00:00:00+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'turnout','moves','2026-11-22 00:00:00+00:00');
CREATE TABLE alarms (
    id TEXT PRIMARY KEY NOT NULL,             -- bundle|cluster|model
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was raised
    bundle TEXT,
    cluster INTEGER,
    model TEXT,
    sessions REAL,                            -- sessions that count; old ones fade
    troubled REAL,                            -- of these
    promise REAL,                             -- share of trouble that was to be expected
    worse REAL,                               -- P(the share is above that and the slack)
    released_at REAL                          -- seconds since 1970-01-01 UTC, NULL while it stands
);
INSERT INTO "alarms" VALUES('seven',7.5,'seven',7,'seven',7.5,7.5,7.5,7.5,7.5);
CREATE TABLE bodies (
    id TEXT PRIMARY KEY NOT NULL,             -- of the decision
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when the request came in
    form TEXT,                                -- hashed: SHA-256 in hex; full: as it was, cut at 1 MiB
    request TEXT,                             -- the client's body, decoded
    answer TEXT                               -- JSON: the parts of the answer
);
INSERT INTO "bodies" VALUES('seven',7.5,'seven','seven','seven');
CREATE TABLE decisions (
    id TEXT PRIMARY KEY NOT NULL,             -- sorts by time
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when the request came in
    session TEXT,                             -- one conversation, as its client names it
    kind TEXT,                                -- main, sub-agent, title, compaction ...
    client TEXT,                              -- the agent, e.g. claude-code
    tenant TEXT,
    project TEXT,
    dialect TEXT,                             -- the wire format the client speaks
    requested_model TEXT,                     -- what the client asked for
    model TEXT,                               -- what served it
    provider TEXT,                            -- who served it
    reason TEXT,                              -- one word: why this model, or why the request went home untouched
    bundle TEXT,                              -- version of the routing artifact
    cluster INTEGER,                          -- task class, by its number in the bundle
    cluster_label TEXT,                       -- the same in words
    quality REAL,                             -- predicted for `model`, 0 to 1
    quality_requested REAL,                   -- predicted for `requested_model`, 0 to 1
    candidates TEXT,                          -- JSON: [{provider, model, quality, se, evidence, cost_usd, score, lost}]
    fresh_model TEXT,                         -- what would have been picked without the pin
    stay_usd REAL,                            -- USD, rest of the session on the pinned model
    switch_usd REAL,                          -- USD, rest of the session on `fresh_model`
    evidence TEXT,                            -- JSON: the facts behind `reason`, by name
    attempts TEXT,                            -- JSON: [{provider, model, status, error, ms}] in order
    status INTEGER,                           -- HTTP status the client got
    stop_reason TEXT,                         -- end, stop, length, tools, refusal, pause
    error TEXT,                               -- in words; '' when nothing went wrong
    input_tokens INTEGER,                     -- tokens, neither read from nor written to a cache
    cache_read_tokens INTEGER,                -- tokens
    cache_write_5m_tokens INTEGER,            -- tokens, kept five minutes
    cache_write_1h_tokens INTEGER,            -- tokens, kept one hour
    output_tokens INTEGER,                    -- tokens, reasoning included
    reasoning_tokens INTEGER,                 -- tokens, a part of output_tokens
    cost_usd REAL,                            -- USD, what this action cost
    requested_same_tokens_usd REAL,           -- USD, `requested_model` at list price on the same tokens
    requested_counterfactual_usd REAL,        -- USD, estimate for `requested_model` with its own tokens and cache
    requested_counterfactual_low_usd REAL,    -- USD, lower end of that estimate
    requested_counterfactual_high_usd REAL,   -- USD, upper end of that estimate
    route_ms REAL,                            -- milliseconds spent deciding
    ttft_ms REAL,                             -- milliseconds from the request to the first byte for the client
    total_ms REAL,                            -- milliseconds from the request to the last byte for the client
    changes TEXT                              -- JSON: [{what, why}] altered in the request on its way
, web_searches INTEGER /* searches that the provider made by itself */, tries INTEGER /* attempts, the one that was given back included */, attempts_usd REAL /* USD, part of cost_usd: attempts that were not given back */, hedge_usd REAL /* USD, part of attempts_usd: second requests that lost the race */, estimated INTEGER /* 1: a part of cost_usd is an estimate (see `attempts`) */, routed_usd REAL /* USD, in shadow: estimate of what `fresh_model` would have cost */, routed_low_usd REAL /* USD, lower end of that estimate */, routed_high_usd REAL /* USD, upper end of that estimate */);
INSERT INTO "decisions" VALUES('01abcdefghjkmn',1783252800.0,'s1','main','claude-code','','turnout','anthropic','claude-opus-4-5','claude-haiku-4-5','anthropic','cheapest_at_parity','2026-07',7,'small edits',0.871,0.88,'[{"provider":"anthropic","model":"claude-haiku-4-5","quality":0.871,"se":0.012,"evidence":40.0,"cost_usd":0.0123,"score":0.31,"lost":""},{"provider":"anthropic","model":"claude-opus-4-5","quality":0.88,"se":0.0,"evidence":52.0,"cost_usd":0.0615,"score":1.0,"lost":"score"},{"provider":"deepseek","model":"deepseek-v3.2","quality":0.79,"se":0.02,"evidence":31.0,"cost_usd":null,"score":null,"lost":"below_parity"}]','',NULL,NULL,'{"epsilon":0.02}','[{"provider":"anthropic","model":"claude-haiku-4-5","status":200,"error":"","ms":320.0,"hedge":false,"usage":null,"cost_usd":null}]',200,'end','',1200,20000,300,40,500,100,0.006155,0.030775,NULL,NULL,NULL,1.25,340.5,2310.0,'[{"what":"model","why":"routed"}]',0,1,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE evidence (
    id TEXT PRIMARY KEY NOT NULL,             -- sorts by time
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was settled
    decision TEXT,                            -- the latest action of it
    session TEXT,
    bundle TEXT,                              -- version of the routing artifact
    cluster INTEGER,                          -- task class, by its number in the bundle
    provider TEXT,
    model TEXT,
    quality REAL,                             -- predicted, 0 to 1
    troubled INTEGER,                         -- 1: it struggled
    score REAL,                               -- log-odds of failure that its signals added up to
    signals TEXT,                             -- JSON: {signal: log-odds}
    steps INTEGER                             -- actions
);
INSERT INTO "evidence" VALUES('seven',7.5,'seven','seven','seven',7,'seven','seven',7.5,7,7.5,'seven',7);
CREATE TABLE feedback (
    id TEXT PRIMARY KEY NOT NULL,             -- sorts by time
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC
    decision TEXT,
    session TEXT,
    bundle TEXT,
    cluster INTEGER,
    model TEXT,
    quality REAL,                             -- predicted, 0 to 1
    good INTEGER                              -- 1 or 0
);
INSERT INTO "feedback" VALUES('seven',7.5,'seven','seven','seven',7,'seven',7.5,7);
CREATE TABLE pins (
    id TEXT PRIMARY KEY NOT NULL,             -- session|agent|asked
    at REAL NOT NULL,                         -- seconds since 1970-01-01 UTC, when it was last used
    session TEXT,                             -- '*' is every session: pinned by hand
    agent TEXT,                               -- '' is the main one
    asked TEXT,                               -- the model its client asks for
    provider TEXT,                            -- where it is pinned
    model TEXT,
    forced INTEGER,                           -- 1: a person pinned it; it never expires
    steps INTEGER,                            -- actions planned on it
    state TEXT                                -- JSON: all that is known, caches in tokens and seconds
);
INSERT INTO "pins" VALUES('seven',7.5,'seven','seven','seven','seven','seven',7,7,'seven');
CREATE TABLE switches (
    id TEXT PRIMARY KEY NOT NULL,             -- provider/model
    at REAL NOT NULL                          -- seconds since 1970-01-01 UTC, when it was taken out
);
INSERT INTO "switches" VALUES('seven',7.5);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX decisions_at ON decisions (at);
CREATE VIEW daily AS
SELECT
    date(at, 'unixepoch') AS day,
    count(*) AS actions,
    count(*) FILTER (WHERE model <> '' AND model <> requested_model) AS routed,
    sum(input_tokens) AS input_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(cache_write_5m_tokens) AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens) AS cache_write_1h_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    sum(requested_same_tokens_usd) AS requested_same_tokens_usd,
    sum(requested_same_tokens_usd - cost_usd) AS saved_usd,
    count(*) - count(cost_usd) AS unpriced,
    count(*) FILTER (WHERE status IS NULL OR status >= 400 OR error <> '') AS errors
FROM decisions
GROUP BY day
ORDER BY day;
CREATE VIEW sessions AS
SELECT
    session,
    min(client) AS client,
    min(project) AS project,
    min(at) AS first_at,
    max(at) AS last_at,
    count(*) AS actions,
    group_concat(DISTINCT requested_model) AS requested,
    group_concat(DISTINCT trim(provider || '/' || model, '/')) AS served,
    sum(cost_usd) AS cost_usd,
    sum(requested_same_tokens_usd) AS requested_same_tokens_usd,
    sum(requested_same_tokens_usd - cost_usd) AS saved_usd,
    count(*) - count(cost_usd) AS unpriced,
    count(*) FILTER (WHERE status IS NULL OR status >= 400 OR error <> '') AS errors
FROM decisions
GROUP BY session;
CREATE VIEW savings AS
SELECT
    requested_model,
    provider,
    model,
    count(*) AS actions,
    sum(cost_usd) AS cost_usd,
    sum(requested_same_tokens_usd) AS requested_same_tokens_usd,
    sum(requested_same_tokens_usd - cost_usd) AS saved_usd,
    sum(requested_same_tokens_usd - cost_usd) / nullif(sum(requested_same_tokens_usd), 0) AS saved_share
FROM decisions
WHERE cost_usd IS NOT NULL AND requested_same_tokens_usd IS NOT NULL
GROUP BY requested_model, provider, model;
CREATE VIEW schema_version AS
SELECT count(*) AS version, max(applied_at) AS applied_at
FROM _sqlite_migrations
WHERE migration_set = 'turnout';
CREATE INDEX pins_at ON pins (at);
CREATE INDEX evidence_at ON evidence (at);
CREATE INDEX feedback_at ON feedback (at);
CREATE INDEX bodies_at ON bodies (at);
CREATE INDEX decisions_shadow ON decisions (
    at, session, provider, requested_model, fresh_model, cost_usd, routed_usd, routed_low_usd, routed_high_usd
) WHERE reason = 'shadow';
CREATE INDEX decisions_of_session ON decisions (session, at);
CREATE INDEX decisions_sums ON decisions (
    requested_model, provider, model, at, session, client, tenant, project, cluster, cluster_label, status, error,
    tries, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    cost_usd, attempts_usd, requested_same_tokens_usd, requested_counterfactual_usd,
    requested_counterfactual_low_usd, requested_counterfactual_high_usd
);
CREATE INDEX decisions_covered ON decisions (at) WHERE reason = 'subscription';
CREATE INDEX decisions_moves ON decisions (
    at, reason, stay_usd, switch_usd, tries, attempts_usd, hedge_usd
) WHERE tries > 1 OR reason IN (
    'ev_positive', 'cold_cache', 'tier_upgrade', 'pin_inferior', 'pin_unavailable', 'escalated'
);
COMMIT;
