"""Makes artifacts/catalog.json from a folder of public facts about models.

    models.json ─ check ─▶ models    what each can do                         ─▶ catalog.json
                        ─▶ bindings  each as each provider serves it: id, price

    scripts/update_catalog.py [--data DIR] [--out FILE]

The same facts give the same bytes. Facts that contradict each other stop it; those that were looked
into are settled in catalog_facts.py, each with its reason. The first line of the file carries the
digest of the rest.
"""

import argparse
import csv
import hashlib
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from catalog_bindings import binding_rows
from catalog_facts import (
    EFFORTS,
    HOMES,
    KNOWN_BY,
    NO_STOP_WHEN_REASONING,
    OPEN_WITHOUT_SAMPLERS,
    PROVIDERS,
    RATES,
    REASONING,
    STATUS,
    STOPS,
    TAKES_REFS,
    WEAK_BELOW,
    WIRE_FORMATS,
    ContradictionError,
    Row,
    agree,
    is_open,
    quirks,
    settled,
    status,
)

ROOT = Path(__file__).resolve().parents[1]
DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")


# -- checks


def checked(data: Row) -> list[Row]:
    """The models by id, once the file agrees with itself."""
    models: list[Row] = sorted(data["models"], key=lambda m: m["id"])
    ids = [m["id"] for m in models]
    agree(len(set(ids)) == len(ids), "two models have the same id")
    agree(data["count"] == len(ids), f"count says {data['count']}, there are {len(ids)} models")
    for m in models:
        with _naming(m["id"]):
            _check_model(m)
    return models


@contextmanager
def _naming(model: str) -> Iterator[None]:
    """A fact that is missing or of another type: whose it is."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as e:
        raise ValueError(f"{model}: {e!r}") from e


def _check_model(m: Row) -> None:
    name, price, reasoning = m["id"], m["price_usd_per_mtok"], m["capabilities"]["reasoning"]
    agree(m["vendor"] in HOMES, f"{name}: unknown vendor {m['vendor']!r}")
    agree(m["status"] in STATUS, f"{name}: unknown status {m['status']!r}")
    agree(reasoning["param"] in REASONING, f"{name}: unknown reasoning {reasoning['param']!r}")
    agree(
        not (reasoning["supported"] is False and reasoning["levels"]),
        f"{name}: has levels of reasoning it does not support",
    )
    top, window = settled(m, "max_output"), m["context_window"]
    agree(window is None or window > 0, f"{name}: a window of {window}")
    agree(_is_day(m["release_date"]), f"{name}: no day: {m['release_date']!r}")
    agree(
        not (top and window and top > window),
        f"{name}: max_output {top} is above its window {window}",
    )
    agree(not (price.get("off_peak") and price["long_context_tiers"]), f"{name}: off-peak tiers")
    _check_dialects(m)
    for rates in (price, *price["long_context_tiers"], *(m["served_by"] or ())):
        _check_rates(name, rates)


def _is_day(text: str | None) -> bool:
    """Or a month, or nothing; words may follow."""
    found = DAY.match(text or "")
    if found is None:
        return not text
    try:
        date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return False
    return True


def _check_dialects(m: Row) -> None:
    stated = {WIRE_FORMATS.get(re.split(r"[ (]", text)[0]) for text in m["wire_formats"]} - {None}
    home = HOMES[m["vendor"]][0]
    ours = set(PROVIDERS[home]["dialects"])
    agree(stated <= ours, f"{m['id']}: {home} speaks {sorted(ours)}, the source says {stated}")


def _check_rates(name: str, rates: Row) -> None:
    known = {rate: rates[rate] for rate in RATES if rates.get(rate) is not None}
    agree(all(value >= 0 for value in known.values()), f"{name}: a negative price")
    agree((rates["input"] is None) == (rates["output"] is None), f"{name}: half a price")
    read, fresh = known.get("cache_read"), known.get("input")
    agree(
        read is None or fresh is None or read <= fresh,
        f"{name}: a cached token costs more than fresh",
    )


# -- models


def model_row(m: Row) -> Row:
    can, reasoning = m["capabilities"], m["capabilities"]["reasoning"]
    modalities, vendor = m["modalities_in"] or (), m["vendor"]
    thinks = bool(reasoning["supported"])
    kind = REASONING[reasoning["param"]] if thinks else "none"
    return {
        "id": m["id"],
        "vendor": vendor,
        "name": m["name"],
        "home": HOMES[vendor][0],
        "status": status(m),
        "tier": m["tier"],
        "released": (DAY.match(m["release_date"] or "") or [""])[0],
        "open_weights": is_open(m),
        "context_window": m["context_window"],
        "max_input": m["max_input_tokens"],
        "max_output": settled(m, "max_output"),
        "images": "image" in modalities,
        "documents": "pdf" in modalities,
        "audio": "audio" in modalities,
        "tools": can["tools"] is True,
        "parallel_tools": can["parallel_tools"] is True,
        "forced_tools": can["tool_choice"] is True and can["forced_tool_choice"] is not False,
        "structured": can["structured_output"] is True,
        "samplers": _samplers(m),
        "prefill": can["assistant_prefill"] is True,
        "mid_system": can["mid_conversation_system"] is True,
        "schema_refs": vendor in TAKES_REFS,
        "stop": _stops(m),
        "thinks": thinks,
        "reasoning": kind,
        "efforts": _efforts(reasoning) if kind in ("effort", "adaptive") else [],
        "reasoning_required": reasoning["always_on"] is True or reasoning["can_disable"] is False,
        "cache": "explicit" if can["prompt_cache"]["kind"].startswith("explicit") else "automatic",
        "tokeniser": "claude" if vendor == "anthropic" else "",
        **{field: value for field, value in quirks(m) if field != "chat_tools"},
    }


def _stops(m: Row) -> int:
    """How many stop sequences it takes."""
    thinks = m["capabilities"]["reasoning"]["supported"]
    refuses = thinks and m["vendor"] in NO_STOP_WHEN_REASONING and not is_open(m)
    return 0 if refuses else STOPS.get(m["vendor"], 4)


def _samplers(m: Row) -> bool:
    """Unknown: yes for open weights, whose hosts all take them; no otherwise."""
    stated: bool | None = m["capabilities"]["sampling_params"]
    return is_open(m) and m["vendor"] not in OPEN_WITHOUT_SAMPLERS if stated is None else stated


def _efforts(reasoning: Row) -> list[str]:
    """Levels that the API takes. "none" is one only where a source names it as an effort."""
    levels = set(reasoning["levels"] or ())
    if reasoning.get("litellm_flags", {}).get("none"):
        levels.add("none")
    return [level for level in EFFORTS if level in levels]


# -- the file


def weak_at_tools(lines: Iterable[str]) -> frozenset[str]:
    """Models below WEAK_BELOW anywhere, by the open cells of benchmark_cells.csv."""
    return frozenset(
        row["model"]
        for row in csv.DictReader(lines)
        if row["open_licence_row"] == "1"
        and row["best_trust"] == "normal"
        and float(row["median"] or "nan") < WEAK_BELOW.get(row["benchmark"], 0.0)
    )


def catalog(data: Row, weak: Collection[str] = ()) -> bytes:
    """One row a line, so that versions can be compared; the first line has the rest's digest.

    `weak`: models that are so at tools.
    """
    models = checked(data)
    rows = [model_row(m) | _weak(m, weak) | _provenance(m, data["sources"]) for m in models]
    rest = "".join(
        (
            f'"generated": {_json(data["generated"])},\n',
            _block("sources", data["sources"]) + ",\n",
            _block("hosts", [{"name": name, **facts} for name, facts in sorted(PROVIDERS.items())]),
            ",\n" + _block("models", rows) + ",\n",
            _block("bindings", binding_rows(models)) + "\n}\n",
        )
    ).encode()
    return b'{"sha256": "%s",\n' % hashlib.sha256(rest).hexdigest().encode() + rest


def _weak(m: Row, weak: Collection[str]) -> Row:
    return {"weak_tools": True} if m["id"] in weak else {}


def _block(name: str, rows: Sequence[Row]) -> str:
    return f"{_json(name)}: [\n" + ",\n".join(_json(row) for row in rows) + "\n]"


def _provenance(m: Row, sources: Sequence[Row]) -> Row:
    """By which of the file's sources it is known, and how many of them state its price."""
    called = [KNOWN_BY[key] for key, name in sorted(m["api_model_ids"].items()) if name]
    known = [s["name"] for s in sources if s["name"].split()[0] in called]
    agree(len(known) == len(called), f"{m['id']}: known by {called}, no such source")
    return {"sources": known, "price_sources": m["price_confirmed_by_n_sources"]}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", metavar="DIR")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "artifacts" / "catalog.json", metavar="FILE"
    )
    given = parser.parse_args()
    source = given.data / "catalog" / "models.json"
    try:
        cells = source.with_name("benchmark_cells.csv").read_text("utf-8")
        made = catalog(json.loads(source.read_bytes()), weak_at_tools(cells.splitlines()))
    except OSError as e:
        print(f"{e.filename}: {e.strerror}; say where it is with --data DIR", file=sys.stderr)
        return 2
    except ContradictionError as e:
        print(f"{source}: {e}; look into it and settle it in catalog_facts.py", file=sys.stderr)
        return 1
    except (ValueError, LookupError, TypeError) as e:
        print(f"{source}: cannot be read as facts about models: {e}", file=sys.stderr)
        return 1
    given.out.write_bytes(made)
    print(f"{given.out}: {len(made):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
