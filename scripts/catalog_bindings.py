"""Each model as each provider serves it: its id there, its price, whether it can be chosen."""

import re
from collections.abc import Iterable, Iterator, Sequence

from catalog_facts import (
    HOMES,
    ID_PREFIX,
    NOT_PROVIDERS,
    PROVIDERS,
    RATES,
    SERVED_AS,
    SOURCE_NAMES,
    UNKNOWN_ABOVE,
    ContradictionError,
    Row,
    agree,
    is_open,
    quirks,
    status,
)


def binding_rows(models: Sequence[Row]) -> list[Row]:
    rows = [row for m in models for row in (*_home_rows(m), *_hosted_rows(m))]
    _check_ids(rows)
    homes = {(row["provider"], row["id"]): row for row in rows}
    for m in models:
        _serve_as(m, homes)
    return sorted(homes.values(), key=lambda row: (row["provider"], row["model"], row["id"]))


def _home_rows(m: Row) -> Iterator[Row]:
    """At the vendor's own provider: its list price. Other ids at the same price are aliases."""
    home, names = HOMES[m["vendor"]]
    own = list(_ids(m, names))
    if not own:
        return
    price = _list_price(m) if _is_home_price(m, names) else None
    served = [] if _no_api(m) else [s for s in m["served_by"] or () if s["provider"] in names]
    same = [s["model_id"] for s in served if price and _same(s, m["price_usd_per_mtok"])]
    others = [s for s in served if s["model_id"] not in same]
    for s in others:
        agree(s["model_id"] != own[0], f"{m['id']}: two prices for {home}/{own[0]}")
    aliases = sorted({*own[1:], *same} - {own[0]} - {s["model_id"] for s in others})
    row = _row(m, home, own[0], price, aliases)
    yield row | {field: value for field, value in quirks(m) if field == "chat_tools"}
    for s in others:
        yield _row(m, home, s["model_id"], _host_price(s, m), routable=False)


def _ids(m: Row, names: Sequence[str]) -> Iterator[str]:
    """The vendor's own ids. What agents call it with comes first."""
    known = m["api_model_ids"]
    for source in ("pi_ai", "models_dev", "genai_prices"):
        prefix, _, name = re.sub(r"[:/]", "\0", known[source] or "", count=1).partition("\0")
        if prefix in names:
            yield name
    if (known["litellm"] or "").startswith("dashscope/"):
        yield known["litellm"].removeprefix("dashscope/")


def _is_home_price(m: Row, names: Sequence[str]) -> bool:
    """A price in the sources belongs to the provider that its own id there names."""
    known = m["api_model_ids"]
    first = known["genai_prices"] or known["litellm"] or known["pi_ai"] or known["models_dev"]
    prefix = re.split(r"[:/]", first)[0]
    return prefix in names or not re.search(r"[:/]", first)


def _no_api(m: Row) -> bool:
    """OpenAI publishes weights that its own API does not serve; that row is another host's."""
    return bool(m["vendor"] == "openai" and is_open(m))


def _hosted_rows(m: Row) -> Iterator[Row]:
    names = HOMES[m["vendor"]][1]
    away: dict[str, list[Row]] = {}
    for s in m["served_by"] or ():
        if s["provider"] not in (*names, *NOT_PROVIDERS) and _callable(s, m):
            away.setdefault(SOURCE_NAMES.get(s["provider"], s["provider"]), []).append(s)
    for provider, served in sorted(away.items()):
        agree(provider in PROVIDERS, f"{m['id']}: unknown provider {provider!r}")
        first = _first(served, m)
        for s in served:
            name = ID_PREFIX.get(provider, "") + s["model_id"]
            routable = s is first and _still_served(m)
            yield _row(m, provider, name, _host_price(s, m), routable=routable)


def _callable(s: Row, m: Row) -> bool:
    """OpenRouter's ids have a vendor; Google's key opens Google's models only."""
    if s["provider"] in ("google", "openai"):
        return bool(m["vendor"] == s["provider"])
    return s["provider"] != "openrouter" or "/" in s["model_id"]


def _first(served: Sequence[Row], m: Row) -> Row | None:
    """Of several ids at one host the model's own name; a single one, unless an old preview."""
    if len(served) == 1:
        stale = "preview" in served[0]["model_id"] and "preview" not in m["id"]
        return None if stale else served[0]
    own = [s for s in served if _plain(s["model_id"].rpartition("/")[2]) == _plain(m["id"])]
    agree(len(own) <= 1, f"{m['id']}: which of {[s['model_id'] for s in served]} is it?")
    return own[0] if own else None


def _plain(id: str) -> str:
    return re.sub(r"[._]", "-", id.lower())


def _still_served(m: Row) -> bool:
    """What a vendor withdrew lives on elsewhere only when its weights are open."""
    return status(m) == "listed" or is_open(m)


def _row(
    m: Row,
    provider: str,
    id: str,
    price: Row | None,
    aliases: Iterable[str] = (),
    *,
    routable: bool | None = None,
) -> Row:
    routable = status(m) == "listed" if routable is None else routable
    row = {
        "provider": provider,
        "id": id,
        "model": m["id"],
        "price": price,
        "aliases": list(aliases),
    }
    return row | ({} if routable else {"routable": False})


def _same(s: Row, price: Row) -> bool:
    return all(s[rate] == price[rate] for rate in ("input", "output"))


def _list_price(m: Row) -> Row:
    """At the vendor's own provider."""
    stated, free = m["price_usd_per_mtok"], _writes_are_input(m)
    price: Row = _rates(stated, free=free)
    if tiers := stated["long_context_tiers"]:
        price["tiers"] = [{"above": t["above_input_tokens"], **_rates(t, free=free)} for t in tiers]
    if m["id"] in UNKNOWN_ABOVE:
        price["tiers"] = [{"above": UNKNOWN_ABOVE[m["id"]][0]}]
    if off := stated.get("off_peak"):
        windows = [_window(w) for w in off["windows"]]
        price["off_peak"] = {**_rates(off, free=free), "windows": windows}
    return price


def _host_price(served: Row, m: Row) -> Row | None:
    """No source says a host's tiers: above the first of the list price its price is unknown."""
    if served["input"] is None:
        return None
    tiers = m["price_usd_per_mtok"]["long_context_tiers"]
    first = tiers[0]["above_input_tokens"] if tiers else None
    above, _ = UNKNOWN_ABOVE.get(m["id"], (first, ""))
    return _rates(served) | ({"tiers": [{"above": above}]} if above else {})


def _rates(rates: Row, *, free: bool = False) -> Row:
    """`free`: no fee for writing, so a written token is an input token and is billed as one."""
    found = {rate: rates[rate] for rate in RATES if rates.get(rate) is not None}
    if free:
        found["cache_write_5m"] = rates["input"]
    return found


def _writes_are_input(m: Row) -> bool:
    fee = m["price_usd_per_mtok"]["cache_write_5m"]
    return not fee and (fee == 0 or "no write fee" in m["capabilities"]["prompt_cache"]["kind"])


def _window(window: Row) -> Row:
    """Hours as (from, to) in minutes of the day, UTC; ISO weekdays."""
    hours = window["hours_utc"]
    spans = [hours] if isinstance(hours, str) else hours
    return {"weekdays": window["weekdays"], "minutes": [_span(span) for span in spans]}


def _span(span: str) -> list[int]:
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
    return [start, end or 24 * 60]


def _serve_as(m: Row, homes: dict[tuple[str, str], Row]) -> None:
    """An id that its vendor now answers with another model is that model's alias there."""
    home = HOMES[m["vendor"]][0]
    for quirk in m["quirks"] or ():
        if found := SERVED_AS.search(quirk["note"]):
            taker = homes.get((home, found[1]))
            if taker is None:
                raise ContradictionError(f"{m['id']}: served as {found[1]!r}, which is not known")
            gone = [key for key, row in homes.items() if key[0] == home and row["model"] == m["id"]]
            names = {name for key in gone for name in (key[1], *homes.pop(key)["aliases"])}
            taker["aliases"] = sorted({*taker["aliases"], *names})


def _check_ids(rows: Iterable[Row]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        for name in (row["id"], *row["aliases"]):
            other = seen.setdefault((row["provider"], name), row["model"])
            agree(
                other == row["model"],
                f"{row['provider']}/{name} is both {other} and {row['model']}",
            )
