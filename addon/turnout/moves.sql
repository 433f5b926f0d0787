-- A session that leaves its model because that is no longer known to be at parity has moved, too.
DROP INDEX IF EXISTS decisions_moves;
CREATE INDEX decisions_moves ON decisions (
    at, reason, stay_usd, switch_usd, tries, attempts_usd, hedge_usd
) WHERE tries > 1 OR reason IN (
    'ev_positive', 'cold_cache', 'tier_upgrade', 'pin_inferior', 'pin_unavailable', 'escalated'
);
