"""The programme: how it would fail, whether it is ready, whom it needs, when, how healthy."""

from __future__ import annotations

from kamlib.models.objectives import drivers as drivers
from kamlib.models.programme.elements import entangled as entangled
from kamlib.models.programme.elements import failure as failure
from kamlib.models.programme.elements import proposals as proposals
from kamlib.models.programme.health import health as health
from kamlib.models.programme.health import weak_links as weak_links
from kamlib.models.programme.people import alike as alike
from kamlib.models.programme.people import skills as skills
from kamlib.models.programme.people import views as views
from kamlib.models.programme.readiness import change as change
from kamlib.models.programme.readiness import obstacles as obstacles
from kamlib.models.programme.timetable import milestones as milestones
from kamlib.models.programme.timetable import phases as phases
