"""Labels real text by its content: entities and classes."""

from __future__ import annotations

from pioneer_build.engine.labelling.classes import ChosenClass, classify
from pioneer_build.engine.labelling.entities import EntityResult, FoundEntity, find_entities

__all__ = ["ChosenClass", "EntityResult", "FoundEntity", "classify", "find_entities"]
