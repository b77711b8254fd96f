"""What people read of the evidence.

- `history`: one account's snapshots up to a moment, verified before anything is said of them.
- `timeline`: what one check found of each resource, from snapshot to snapshot. Pure.
- `days`: days covered and missing, and stretches without a run. Pure.
- `failing`: from when to when a resource failed, and what was accepted of it. Pure.
- `accepted`: exceptions, with the time for which each counts. Pure.
- `scope`: what changed in what was asked, by whom and by what. Pure.
- `period`: all of these for one account over one period, by control. Pure.
- `plain`: the values of a report as JSON has them. Pure.
- `sample`: a sample of a population that anybody can draw again. Pure.
- `sources`: accounts and attestations as of a moment, verified likewise.
- `evidence`, `statements`: what checks found, and how statements stand, at a moment. Pure.
- `parts`, `requirement`: what each control brings, and how each requirement stands. Pure.
- `point_in_time`, `gap`, `questionnaire`: reports on requirements as of a moment. Pure.
- `closing_steps`: what would close what remains, as commands. Pure.
- `basis`: what a report as of a moment rests on. Pure.
- `render`: the reports as text, JSON, CSV and HTML.
"""
