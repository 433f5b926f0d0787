-- Tenants are groups of the audit, too; what a subscription covered is counted apart.
DROP INDEX IF EXISTS decisions_sums;
CREATE INDEX decisions_sums ON decisions (
    requested_model, provider, model, at, session, client, tenant, project, cluster, cluster_label, status, error,
    tries, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    cost_usd, attempts_usd, requested_same_tokens_usd, requested_counterfactual_usd,
    requested_counterfactual_low_usd, requested_counterfactual_high_usd
);
CREATE INDEX IF NOT EXISTS decisions_covered ON decisions (at) WHERE reason = 'subscription';
