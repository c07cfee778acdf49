"""Labels real text by its content: entities and classes."""

from __future__ import annotations

from pioneer_build.engine.labelling.class_choice import ChosenClass, classify
from pioneer_build.engine.labelling.entity_search import EntityResult, FoundEntity, find_entities

__all__ = ["ChosenClass", "EntityResult", "FoundEntity", "classify", "find_entities"]
