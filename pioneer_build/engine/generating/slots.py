"""Which slots of the engine's sentences are entities of a label."""

from __future__ import annotations

from functools import lru_cache

from pioneer_build.engine.generating.made_up_values import knows
from pioneer_build.engine.labelling.entity_kinds import LabelMeaning, kinds_of, readable

#: Names that stand for one list of words, not for a whole kind.
_BY_NAME = {
    "city": "city|town|municipality|village|capital",
    "country": "country|nation",
    "company": "company|corporation|corp|business|firm|startup|vendor|employer|brand|company name"
    "|manufacturer|supplier|merchant|competitor|retailer",
    "university": "university|school|college",
    "team": "team|sports team|club",
    "bank": "bank",
    "airline": "airline",
    "agency": "agency|government agency|ngo|institution",
    "disease": "disease|illness|condition|medical condition|diagnosis|disorder|sickness|infection",
    "drug": "drug|medication|medicine|pharmaceutical|chemical|treatment|active ingredient|medicament",
    "symptom": "symptom|sign|side effect|complaint|adverse event",
    "dose": "dose|dosage|strength",
    "job": "job|job title|profession|occupation|role|position|title of job",
    "skill": "skill|technology|programming language|competence",
    "subject": "subject|degree|field of study|discipline|major",
    "dish": "dish|food|meal|cuisine|recipe|menu item",
    "ingredient": "ingredient",
    "animal": "animal|species|bird|mammal|wildlife",
    "sport": "sport|discipline of sport",
    "colour_name": "color|colour",
    "currency": "currency",
    "plant": "plant|tree|flower",
    "instrument": "instrument|musical instrument",
    "metal": "metal|material|element|chemical element",
    "planet": "planet|celestial body",
    "product": "product|device|gadget|product name|phone model|electronics",
    "vehicle": "vehicle|car|car model",
    "app": "app|application|software|service|system|program",
    "hostname": "hostname|host|server",
    "address": "address|street address|street|postal address|home address|shipping address|delivery address",
    "first": "first name|given name|forename",
    "last": "last name|surname|family name",
    "landmark": "landmark|building|facility|monument|venue|attraction",
    "order": "order number|order id|order|order reference",
    "ticket": "ticket number|ticket id|ticket|case number",
    "year": "year",
    "age": "age",
    "nationality": "nationality|ethnicity|demonym",
    "mention": "username|user name|handle|user handle|mention",
    "duration": "duration|period",
}
_NAMES = {name: slot for slot, names in _BY_NAME.items() for name in names.split("|")}

#: The slots of each kind that the labeller knows.
_BY_KIND = {
    "spacy:PERSON": ("person", "first", "last"),
    "spacy:ORG": ("company", "bank", "airline", "university", "agency", "team"),
    "spacy:GPE": ("city", "country"),
    "spacy:FAC": ("landmark",),
    "spacy:LOC": ("landmark",),
    "spacy:NORP": ("nationality",),
    "spacy:PRODUCT": ("product", "item", "vehicle", "app"),
    "spacy:EVENT": ("event",),
    "spacy:WORK_OF_ART": ("title",),
    "spacy:LAW": ("law",),
    "spacy:LANGUAGE": ("language",),
    "spacy:ORDINAL": ("ordinal",),
    "money": ("money", "bigmoney"),
    "date": ("date", "weekday"),
    "reference": ("order", "ticket"),
    "url": ("url", "domain"),
}
#: Additional slots that belong to the same label.
_ALSO = {
    "product": ("item", "vehicle"),
    "company": ("bank", "airline"),
    "order": ("ticket",),
    "dish": ("ingredient",),
    "address": (),
}


@lru_cache(maxsize=4096)
def slots_of(label: str, meaning: LabelMeaning | None = None) -> tuple[str, ...]:
    """The slots whose values are entities of `label`; made-up names if no list fits.

    Args:
        label: the label.
        meaning: its kinds, if more is known than its name.
    """
    kinds = (meaning or kinds_of(label)).kinds
    name = readable(label)
    for form in (name, name.removesuffix("s")):
        if form in _NAMES:
            slot = _NAMES[form]
            return (slot, *_ALSO.get(slot, ()))
        if form != "number" and knows(form):
            return (form,)
    slots: list[str] = []
    for kind in kinds:
        slots.extend(_BY_KIND.get(kind, (kind,) if knows(kind) else ()))
    if "spacy:GPE" in kinds and "spacy:FAC" in kinds:
        slots.append("address")
    return tuple(dict.fromkeys(slots)) or (f"coined:{name or label}",)
