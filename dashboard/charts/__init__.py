"""The charts, in the order of the page. To add one: a module like its neighbours, its texts, a line here."""

from dashboard.charts.counties import COUNTIES
from dashboard.charts.lifetimes import LIFETIMES
from dashboard.charts.movers import MOVERS
from dashboard.charts.municipalities import MUNICIPALITIES
from dashboard.charts.new_ads import NEW_ADS
from dashboard.charts.occupations import OCCUPATIONS, STYRK
from dashboard.charts.open_ads import OPEN_ADS
from dashboard.charts.remote_work import REMOTE_WORK
from dashboard.charts.sources import SOURCES
from dashboard.charts.yearly import YEARLY

CHARTS = (
    NEW_ADS,
    OPEN_ADS,
    COUNTIES,
    MOVERS,
    YEARLY,
    MUNICIPALITIES,
    OCCUPATIONS,
    STYRK,
    LIFETIMES,
    REMOTE_WORK,
    SOURCES,
)
