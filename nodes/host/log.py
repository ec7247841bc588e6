"""The pack's one logger."""

import logging

logger = logging.getLogger("noise_rectification")
