"""Everything that can go wrong upstream, thrown at the relay. See scripts/chaos, scripts/soak."""
