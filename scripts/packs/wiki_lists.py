"""Articles "List of …" for the wiki pack: WordNet's glosses of everything that lies under a topic."""

import re

from sources import Sources

TOPICS = ("mathematician", "physicist", "philosopher", "composer", "painter", "explorer", "novelist",
          "economist", "river", "mountain peak", "island", "war", "pitched battle", "Greek deity",
          "religion", "philosophical doctrine", "theory", "disease", "infectious disease",
          "musical instrument", "organic compound", "mineral", "law", "political system",
          "economic policy", "science", "theologian", "treaty", "vehicle", "tree", "food fish", "dog",
          "chemical process", "statistic", "crime", "sport", "anthropologist", "revolution",
          "social science", "architectural style", "empire", "programming language", "weapon", "star",
          "biologist", "historian", "general", "statesman", "language", "government", "ship", "city")
NATION = re.compile(r"\b(Norwegian|French|English|German|Italian|Russian|American|Scottish|Greek|Roman|"
                    r"Danish|Dutch|Spanish|Austrian|Swiss|Irish|Swedish|Polish|Belgian|British)\b")


def read(sources: Sources) -> tuple[dict[str, tuple[list[str], str]], dict[str, list[str]]]:
    """Of every synset its words and gloss, and the synsets below it."""
    synsets, members = {}, {}
    for line in sources.text("wordnet-base", "usr/share/wordnet/data.noun").splitlines():
        if line.startswith(" "):
            continue
        head, _, gloss = line.partition(" | ")
        fields = head.split()
        count = int(fields[3], 16)
        words = [fields[4 + 2 * i].replace("_", " ") for i in range(count)]
        synsets[fields[0]] = (words, gloss.strip())
        pointers = fields[5 + 2 * count :]
        for symbol, target in zip(pointers[0::4], pointers[1::4]):
            if symbol in ("@", "@i"):
                members.setdefault(target, []).append(fields[0])
    return synsets, members


def item(words: list[str], gloss: str, topic: str) -> str | None:
    name = max(words[:2], key=len)
    if name[0] in "Aa" or not 40 < len(gloss) < 260 or not name.isascii():
        return None
    gloss, _, quoted = gloss.partition('; "')
    head = f"[[{name[0].upper() + name[1:]}]]"
    years = re.search(r" \((\d{3,4})-(\d{3,4})\)$", gloss)
    if years:
        gloss = gloss[: years.start()]
        head += f" ([[{years.group(1)}]]&ndash;[[{years.group(2)}]])"
    gloss = NATION.sub(r"[[\1]]", gloss, count=1)
    gloss = re.sub(rf"\b{topic}\b", f"[[{topic}]]", gloss, count=1)
    example = " ''\"" + quoted.split('"')[0] + "\"''" if quoted else ""
    return f"*{head}, {gloss}.{example}"


def articles(sources: Sources, each: int) -> list[tuple[str, str]]:
    synsets, members = read(sources)
    largest: dict[str, str] = {}
    for offset, (words, _) in synsets.items():
        if len(members.get(offset, ())) > len(members.get(largest.get(words[0], ""), ())):
            largest[words[0]] = offset
    found = []
    for topic in TOPICS:
        if topic not in largest:
            continue
        items = [i for m in members[largest[topic]] if (i := item(*synsets[m], topic))]
        if len(items) < 5:
            continue
        items = items[:: max(1, len(items) // each)][:each]
        what = synsets[largest[topic]][1].split(";")[0]
        found.append((f"List of {topic}s",
                      f"This is a '''list of {topic}s'''. A [[{topic}]] is {what}.\n\n" +
                      "\n".join(items) + f"\n\n[[Category:Lists|{topic.capitalize()}s]]\n"
                      f"[[Category:{topic.capitalize()}s| ]]"))
    return found
