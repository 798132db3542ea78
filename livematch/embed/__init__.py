"""From a picture to its descriptor: networks, their cards, and the descriptor's parts.

The network itself is `livematch.embed.onnx.Embedder`, which is not imported here: ONNX Runtime
takes a moment to load, and much that handles descriptors needs none.
"""

from livematch.embed.card import DEFAULT_MODEL, ModelCard, bundled_models, load_card, models_folder
from livematch.embed.features import AnyEmbedder, Features
from livematch.embed.parts import (
    RULES,
    DescriptorLayout,
    Part,
    describe,
    descriptor_layout,
    part_scores,
    weigh,
)
from livematch.embed.providers import ASKABLE, ProviderReport

__all__ = [
    "ASKABLE",
    "DEFAULT_MODEL",
    "RULES",
    "AnyEmbedder",
    "DescriptorLayout",
    "Features",
    "ModelCard",
    "Part",
    "ProviderReport",
    "bundled_models",
    "describe",
    "descriptor_layout",
    "load_card",
    "models_folder",
    "part_scores",
    "weigh",
]
