"""The csv pack: tables of numbers, names, dates and texts, with several separators."""

import re

import wiki_lists
from sources import Sources
from wiki import Chance, countries, value

STATS = "usr/lib/python3/dist-packages/statsmodels/datasets"  # those said to be in the public domain
VEGA = "usr/lib/python3/dist-packages/vega_datasets/_data"
PEOPLE = ("Mary Jones", "John Smith", "Peter Novak", "Anna Lindqvist", "Luis Ortega", "Grace Kim",
          "Tom O'Brien", "Fatima Haddad", "William Clark", "Susan Baker", "Robert Lee", "Elena Rossi")
STATES = "AL AZ CA CO CT FL GA IA IL KY MA MI MN MO NC NH NJ NY OH OR PA TN TX UT VA WA WI".split()
FIRMS = ("Acme Data", "Blue Lake Partners", "Harbor & Sons", "Meridian Research", "Northfield Group",
         "Quorum Insurance", "Riverside University", "Union Press")


def rows(text: str, count: int) -> str:
    """The header and rows from the whole of a table."""
    lines = text.strip("\n").split("\n")
    body = lines[1:]
    step = max(1, len(body) // count)
    return "\n".join([lines[0], *body[len(body) % step :: step][:count]]) + "\n"


def accounts(c: Chance, count: int) -> str:
    """Wide rows of names, dates, fractions and remarks, some of them empty."""
    out = ["account,opened,region,branch,branch_no,holder,contact,channel,balance,previous,change_pct,rating,"
           "limit,used,interest,closed,note"]
    number = 30_021
    for i in range(count):
        number += 1 + c.below(40)
        firm, month, year = c.below(len(FIRMS)), 1 + i * 12 // count, 2008 + i // 40
        now, before = c.below(900_000) / 100, 100 + c.below(900_000) / 100
        limit = 500 * (1 + c.below(12))
        out.append(f"{number},{month}/{1 + c.below(28)}/{year},{c.one(STATES)},{FIRMS[firm]},{firm + 11},{c.one(PEOPLE)},"
                   f"{c.one(('', '', c.one(PEOPLE)))},{c.one(('Phone', 'Online', 'Branch', ''))},{now:.2f},{before:.2f},"
                   f"{(now - before) / before * 100:.3f},{c.one(('AAA', 'AA', 'A', 'BBB', ''))},{limit},{c.below(limit)},"
                   f"{c.below(9999) / 1e6:.6f},{c.one(('0', '1'))},{c.one(('', '', '', 'moved, see file', 'on request'))}")
    return "\n".join(out).replace("moved, see file", '"moved, see file"') + "\n"


def parts(c: Chance, count: int) -> str:
    """Sorted codes and small numbers without a header; nothing between two commas, or \\N, where unknown."""
    codes = sorted("".join(chr(65 + c.below(26)) for _ in range(4)) + f"-{c.below(1000):03}" for _ in range(90))
    rows_of = []
    for group in range(12):
        number = 20 + c.below(5000)
        for _ in range(count // 12):
            a = c.below(90)
            rows_of.append(f"{number},{codes[a]},{a * 37 + 410},{c.below(50)},{c.below(4000) / 1000},"
                           f"{'' if c.below(3) else chr(92) + 'N'},{c.one(('steel', 'brass', 'nylon', 'oak'))},{group}")
    return "\n".join(sorted(rows_of)) + "\n"


def orders(c: Chance, count: int, separator: str) -> str:
    out = [separator.join(("OrderID", "Date", "Time", "Customer", "Item", "Qty", "Price", "Total", "Shipped"))]
    for i in range(count):
        day, quantity, price = i // 6, 1 + c.below(9), 199 + c.below(400) * 50
        fields = [str(10_248 + i), f"2019-{1 + day // 28:02}-{1 + day % 28:02}",
                  f"{c.below(24):02}:{c.below(60):02}:{c.below(60):02}", f'"{c.one(PEOPLE)}"' if separator == "," else c.one(PEOPLE),
                  f"SKU-{c.below(300):04}", str(quantity), f"{price / 100:.2f}", f"{quantity * price / 100:.2f}",
                  c.one(("true", "false"))]
        out.append(separator.join(fields))
    return "\n".join(out) + "\n"


def glossary(sources: Sources) -> str:
    out = ["name,kind,description,year"]
    for title, text in wiki_lists.articles(sources, 5)[:40]:
        for line in text.split("\n"):
            if line.startswith("*[["):
                name, _, rest = line[3:].partition("]]")
                year = re.search(r"\d{4}", rest)
                plain = re.sub(r"\[\[|\]\]|\(.*?\)|''.*", "", rest).strip(" ,").replace('"', '""')
                out.append(f'"{name}",{title[8:]},"{plain}",{year.group(0) if year else ""}')
    return "\n".join(out) + "\n"


def table_of_countries(sources: Sources) -> str:
    out = ["Country;Capital;Area (sq km);Population;Coordinates;Internet code;Median age"]
    for name, facts in countries(sources).items():
        capital = re.split(r"[;(]", value(facts, "Government", "Capital", "name"))[0].strip()
        out.append(";".join((name, capital, value(facts, "Geography", "Area", "total").split(" ")[0].replace(",", ""),
                             value(facts, "People and Society", "Population").split(" ")[0].replace(",", ""),
                             value(facts, "Geography", "Geographic coordinates"),
                             value(facts, "Communications", "Internet country code"),
                             value(facts, "People and Society", "Median age", "total").split(" ")[0])))
    return "\n".join(out) + "\n"


def make(sources: Sources) -> bytes:
    c = Chance(99)
    stats = lambda name, count: rows(sources.text("python3-statsmodels", f"{STATS}/{name}/{name}.csv"), count)
    vega = lambda name, count: rows(sources.text("python3-vega-datasets", f"{VEGA}/{name}.csv"), count)
    tables = [stats("macrodata", 90), stats("elnino", 40), stats("grunfeld", 60), stats("anes96", 120),
             stats("randhie", 120), stats("modechoice", 60), vega("seattle-weather", 150), vega("stocks", 120),
             vega("us-employment", 40), table_of_countries(sources), glossary(sources), orders(c, 200, "\t"),
             orders(c, 260, ","), accounts(c, 330), parts(c, 600)]
    return "".join(tables).encode("utf-8")
