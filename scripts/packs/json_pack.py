"""The json pack: objects as programs write them, in the usual layouts."""

import json

import wiki_lists
from sources import Sources
from wiki import Chance, countries

VEGA = "usr/lib/python3/dist-packages/vega_datasets"
TAGS = ("new", "sale", "fragile", "bulk", "export", "returned")
LOGINS = ("mkovac", "jane-d", "t.okafor", "lbianchi", "sam42")
ISO = "2018-{:02}-{:02}T{:02}:{:02}:{:02}Z"


def slug(name: str) -> str:
    return "-".join(name.lower().replace(",", "").replace("'", "").split())


def stock(lists: list[tuple[str, str]], chance: Chance) -> dict:
    """A warehouse as an interface returns it: numbers, nulls, nested lists, keys that are numbers."""
    items, movements = {}, []
    for _, text in lists:
        for line in text.split("\n"):
            if not line.startswith("*[["):
                continue
            name = line[3 : line.index("]]")]
            number = 4_000 + chance.below(90_000)
            items[str(number)] = {
                "id": number, "title": name, "slug": slug(name), "summary": None,
                "price": {"net": 199 + chance.below(400) * 50, "currency": chance.one(["USD", "GBP", "CHF"])},
                "tags": sorted({chance.one(TAGS) for _ in range(3)}), "active": chance.below(4) != 0,
                "dimensions": [chance.below(90) / 4, chance.below(90) / 4, chance.below(40) / 8]}
            movements.append({"item": number, "at": 1_500_000_000 + chance.below(10**8),
                              "change": chance.below(60) - 20, "from": chance.one(["A-12", "B-07", "C-33", None]),
                              "lines": [], "checked": False})
    return {"version": 3, "next": None, "items": items, "movements": movements, "errors": []}


def notes(lists: list[tuple[str, str]], chance: Chance) -> list[dict]:
    """Records with prose in them."""
    found = []
    for title, text in lists:
        for line in text.split("\n"):
            if not line.startswith("*[["):
                continue
            name, _, rest = line[3:].partition("]]")
            plain = rest.replace("[[", "").replace("]]", "").replace("&ndash;", "-").strip(" ,")
            found.append({
                "type": chance.one(["note", "entry", "comment"]), "id": f"{chance.below(2**32):08x}", "title": name,
                "body": plain[:1].upper() + plain[1:], "link": f"https://www.example.org/{slug(title)}/{slug(name)}",
                "user": {"login": chance.one(LOGINS), "id": 100 + chance.below(9_000), "admin": False},
                "created_at": ISO.format(1 + chance.below(12), 1 + chance.below(28), chance.below(24),
                                         chance.below(60), chance.below(60)),
                "labels": [title, *name.split()[:2]], "score": chance.below(1000) / 100})
    return found


def lines(records: list[dict]) -> str:
    return "".join(json.dumps(r, separators=(",", ":")) + "\n" for r in records)


def make(sources: Sources) -> bytes:
    chance = Chance(7)
    lists = wiki_lists.articles(sources, 9)
    facts = countries(sources)
    read = lambda name: json.loads(sources.text("python3-vega-datasets", f"{VEGA}/_data/{name}.json"))
    cars = [{k: c[k] for k in c} for c in read("cars")]
    schema = sources.text("python3-jsonschema", "usr/lib/python3/dist-packages/jsonschema/schemas/draft7.json")
    package = sources.text("libjs-bootstrap4", "usr/share/nodejs/bootstrap/package.json")
    chosen = [n for n in sorted(facts) if n[0] in "CGNPU"][::9]
    for name in chosen:
        facts[name]["Government"].pop("International organization participation", None)
    parts = [
        schema, package,
        lines(read("ohlc")[:30]), lines(cars[:60]),
        json.dumps(read("barley")[:50], separators=(",", ":")) + "\n",
        json.dumps(cars[100:140], indent=2) + "\n",
        json.dumps({n: facts[n] for n in chosen}, indent=2, ensure_ascii=False)[:24_000] + "\n",
        json.dumps(notes(lists[:4], chance), separators=(",", ":")) + "\n",
        json.dumps({str(i): p for i, p in enumerate(notes(lists[4:18], chance))}, indent=2) + "\n",
        json.dumps(notes(lists[18:21], chance), indent=4) + "\n",
        json.dumps(stock(lists[21:26], chance), indent=4) + "\n",
        lines(notes(lists[40:44], chance)),
    ]
    return "".join(parts).encode("utf-8")
