-- A column that is added keeps a comment of this kind only.
-- What an action cost besides its answer, what it would have cost elsewhere, and indices to add it up.
ALTER TABLE decisions ADD COLUMN web_searches INTEGER /* searches that the provider made by itself */;
ALTER TABLE decisions ADD COLUMN tries INTEGER /* attempts, the one that was given back included */;
ALTER TABLE decisions ADD COLUMN attempts_usd REAL /* USD, part of cost_usd: attempts that were not given back */;
ALTER TABLE decisions ADD COLUMN hedge_usd REAL /* USD, part of attempts_usd: second requests that lost the race */;
ALTER TABLE decisions ADD COLUMN estimated INTEGER /* 1: a part of cost_usd is an estimate (see `attempts`) */;
ALTER TABLE decisions ADD COLUMN routed_usd REAL /* USD, in shadow: estimate of what `fresh_model` would have cost */;
ALTER TABLE decisions ADD COLUMN routed_low_usd REAL /* USD, lower end of that estimate */;
ALTER TABLE decisions ADD COLUMN routed_high_usd REAL /* USD, upper end of that estimate */;
UPDATE decisions SET tries = CASE WHEN json_valid(attempts) THEN json_array_length(attempts) END;

-- All that an audit by any group adds up, in the order of the groups by model: nothing is sorted or looked up.
CREATE INDEX decisions_sums ON decisions (
    requested_model, provider, model, at, session, client, project, cluster, cluster_label, status, error, tries,
    input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    cost_usd, attempts_usd, requested_same_tokens_usd, requested_counterfactual_usd,
    requested_counterfactual_low_usd, requested_counterfactual_high_usd
);
-- What was switched, escalated, failed over or hedged: few of many.
CREATE INDEX decisions_moves ON decisions (
    at, reason, stay_usd, switch_usd, tries, attempts_usd, hedge_usd
) WHERE tries > 1 OR reason IN ('ev_positive', 'cold_cache', 'tier_upgrade', 'pin_unavailable', 'escalated');
CREATE INDEX decisions_shadow ON decisions (
    at, session, provider, requested_model, fresh_model, cost_usd, routed_usd, routed_low_usd, routed_high_usd
) WHERE reason = 'shadow';
