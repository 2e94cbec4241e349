"""Bounds of what speaks for or against a theft besides the vehicle's own track."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPolicy:
    """Groups of vehicles, phones, tickets, silence, chargers and cameras.

    Source where none is named: detection.md, Evidence; "ours" is our choice.

    Attributes:
        jammed_vehicles: So many vehicles near each other are jammed: an area incident.
        jammed_m: ... within this distance of one of them, metres. Ours: a jammer in a car reaches
            some 100 m, and the last fix of a vehicle may lie as far back again.
        jammed_s: ... within this time, seconds. Ours: one that drives past took 90 s (scenario 24).
        power_neighbours: So many neighbours lost power with it: the site did.
        power_s: ... within this time, seconds.
        power_m: ... within this distance, metres. Ours: a parking site and the error of two fixes.
        power_site_vehicles: So many power cuts at one registered site tell it, too. Ours.
        power_site_s: ... within this time, seconds. Ours: trackers report a cut a little late.
        alike_vehicles: So many vehicles that move alike at once: spoofing, a ferry, a truck.
        alike_m: ... within this distance, metres.
        alike_s: ... and this time, seconds. Ours: a few reports of each.
        alike_apart_m: Two places or two displacements closer than this are alike, metres. Ours:
            three times what receivers' errors put between two fixes of one place.
        together_m: Two or more vehicles that stay so near each other are carried together, metres.
            Ours: two receivers in one bag differ by their errors alone.
        together_fixes: ... in so many pairs of fixes. Ours.
        swap_m: A tracker that stands so near another vehicle's place, whose tracker stands at its
            own, was swapped with it, metres. Ours: the error of two anchors.
        clone_leaps: A tracker that leapt away and back so often speaks from two places. Ours: one
            excursion of a receiver leaps back once.
        clone_s: ... within this time, seconds. Ours.
        silent_slack_s: A promised report may come so late, seconds. Ours: as a moving tracker on a
            mobile network is late, now and then.
        area_quiet_s: An area incident of which nothing was heard for so long is over, seconds.
            Ours: longer than a halt of a ferry or a truck, shorter than a shift.
        phone_near_m: A phone closer to the vehicle than this is with it, metres.
        phone_far_m: One farther away than this is not, metres.
        phone_fresh_s: A phone's place counts for so long after its time, seconds.
        phone_acc_m: A phone's place that is less accurate says nothing, metres. Ours: a cell fix.
        ticket_max_s: A ticket counts for so long at most, seconds. Ours: a forgotten one must end.
        dark_hours: A place at which trackers fell silent in so many different hours often goes
            dark: silence there counts nothing. Ours.
        dark_days: ... within so many days. Ours.
        unplug_s: An unplugging and the vehicle's own word that it charges no more belong together
            within this time, seconds. Ours: trackers report every minute or so while charging.
        site_m: A vehicle stands at a site without a polygon within this distance, metres. Ours.
        mains_s: A site that lost its mains explains power cuts for so long, seconds.
        camera_m: A camera within this distance may have seen it, metres. Ours: what a street
            camera shows of a person.
        cameras: So many cameras are named at most. Source: incidents.md, what an officer needs.
    """

    jammed_vehicles: int = 3
    jammed_m: float = 300.0
    jammed_s: float = 120.0
    power_neighbours: int = 3
    power_s: float = 10.0
    power_m: float = 100.0
    power_site_vehicles: int = 5
    power_site_s: float = 60.0
    alike_vehicles: int = 5
    alike_m: float = 500.0
    alike_s: float = 60.0
    alike_apart_m: float = 50.0
    together_m: float = 30.0
    together_fixes: int = 3
    swap_m: float = 30.0
    clone_leaps: int = 3
    clone_s: float = 600.0
    silent_slack_s: float = 10.0
    area_quiet_s: float = 300.0
    phone_near_m: float = 30.0
    phone_far_m: float = 300.0
    phone_fresh_s: float = 60.0
    phone_acc_m: float = 100.0
    ticket_max_s: float = 86_400.0
    dark_hours: int = 3
    dark_days: float = 7.0
    unplug_s: float = 120.0
    site_m: float = 60.0
    mains_s: float = 300.0
    camera_m: float = 200.0
    cameras: int = 3
