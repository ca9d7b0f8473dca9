"""The definitions of the workbook's tables: each column with its kind, what it may hold, and one sentence of help."""

from __future__ import annotations

from kamlib.columns import Column, Table

US = "us"
BOXES = ("key", "key_development", "maintenance", "opportunistic")
CHANNELS = ("internet", "call_centre", "face_to_face")
APPROACHES = ("hunter", "farmer", "milk_round")
CHAINS = ("corporate", "end_customer")
ROLES = ("given", "differentiator")
MODELS = ("attractiveness", "strength", "pia_us", "pia_customer")


def _id(name: str, help: str, **more: object) -> Column:
    return Column(name, "id", help, key=True, **more)  # type: ignore[arg-type]


def _score(help: str) -> Column:
    return Column("score", "number", help, low=1, high=10, step=0.5)


_ON = Column("on", "date", "The day it was said or decided.")
_PERSON = Column("person", "id", "Who said or decided it.", refers="people")
_NOTE = Column("note", "text", "The argument behind it, in the team's own words.")
_MODEL = _id("model", "The model the row belongs to.", choices=MODELS)
_FACTOR = _id("factor", "The factor that is scored.")
_SUBJECT = _id("subject", "Who is scored: a customer, or for PIA an idea.")
_SUPPLIER = _id("supplier", "For strength: us or a competitor. Empty otherwise.", refers="suppliers")

DEFINITIONS: dict[str, Table] = {
    table.name: table
    for table in (
        Table("settings", "Choices that hold for the whole workbook.", (
            _id("key", "The name of the setting."),
            Column("value", "text", "Its value."),
        )),
        Table("people", "Everybody who takes part: the selection team and the account managers.", (
            _id("person", "Short id of the person."),
            Column("name", "text", "Name as people say it."),
            Column("function", "text", "Function in the company, such as Sales or Operations."),
            Column("knows_customers", "yesno", "Does this person know customers at first hand?"),
            Column("owns_vision", "yesno", "Does this person carry the vision of the business?"),
            Column("has_authority", "yesno", "Can this person commit resources?"),
            Column("core", "yesno", "Member of the core team (yes), or consulted (no)?"),
            Column("manages_accounts", "yesno", "Is this person a key account manager?"),
            Column("junior", "yesno", "New to account management, or selling by telephone only?"),
            Column("days", "number", "Days a year free for looking after accounts.", low=0, high=366),
            Column("approach", "choice", "How this person sells best.", choices=APPROACHES),
        )),
        Table("segments", "The segments of the market; each has its own matrix.", (
            _id("segment", "Short id of the segment."),
            Column("name", "text", "Name of the segment."),
            Column("description", "text", "What its customers have in common."),
            Column("active", "yesno", "Is this segment worked on? Empty means yes."),
            Column("basis", "text", "What the market was cut by to find it."),
        )),
        Table("customers", "Customers and prospects on the table.", (
            _id("customer", "Short id of the customer."),
            Column("name", "text", "Name of the customer."),
            Column("segment", "id", "The segment it belongs to.", refers="segments"),
            Column("status", "choice", "Does it buy from us today?", choices=("current", "prospect")),
            Column("note", "text", "Anything worth remembering."),
            Column("revenue", "number", "Our revenue with it in the last full year.", low=0),
            Column("profit", "number", "Our gross profit with it in the last full year, before the cost to serve it."),
            Column("potential_profit", "number", "The profit a year it could bring us."),
            Column("manager", "id", "Who looks after it.", refers="people"),
            Column("rival", "id", "A customer it competes with.", refers="customers"),
            Column("first_year", "number", "The year it first bought from us.", low=1000, high=9999, step=1),
        )),
        Table("suppliers", "Ourselves (the id us) and our competitors.", (
            _id("supplier", "Short id; us is ourselves."),
            Column("name", "text", "Name of the supplier."),
        )),
        Table("factors", "What is scored: attractiveness factors and critical success factors.", (
            _MODEL,
            _id("scope", "Attractiveness: the segment. Strength: the customer. PIA: all, or a segment."),
            _id("factor", "Short id of the factor."),
            Column("label", "text", "Name of the factor."),
            Column("weight", "number", "How much it counts; empty means 1.", low=0, high=1000),
            Column("must_have_min", "number", "The lowest score that keeps a customer in.",
                   low=1, high=10, step=0.5),
            Column("good", "text", "What a 10 looks like, agreed before scoring."),
            Column("bad", "text", "What a 1 looks like, agreed before scoring."),
        )),
        Table("scores", "What the team agreed: 1 to 10, higher is better for the axis.", (
            _MODEL, _SUBJECT, _FACTOR, _SUPPLIER,
            _score("1 to 10 in steps of 0.5; empty means we do not know."),
            Column("evidence", "choice", "Where it comes from.",
                   choices=("own view", "customer said", "research")),
            _NOTE, _PERSON, _ON,
        )),
        Table("ballots", "What each person said before the team agreed.", (
            _id("round", "The round of scoring, such as 2026."),
            _MODEL, _id("person", "Who scored.", refers="people"), _SUBJECT, _FACTOR, _SUPPLIER,
            _score("1 to 10 in steps of 0.5; empty means no opinion."),
            _NOTE,
        )),
        Table("decisions", "What was decided, by whom and why, beside what was suggested.", (
            _id("what", "category, must_have_waiver, no_competitor or benchmark_waiver.",
                choices=("category", "must_have_waiver", "no_competitor", "benchmark_waiver")),
            _id("subject", "The customer (for benchmark_waiver the segment) it is about."),
            Column("decision", "text", "category: the box. must_have_waiver: the factor."),
            Column("reason", "text", "Why; needed where it differs from the suggestion."),
            _PERSON, _ON,
            Column("review_on", "date", "When to look at it again."),
        )),
        Table("find_out", "Who finds out what is still unknown, and by when.", (
            _MODEL, _SUBJECT, _FACTOR, _SUPPLIER,
            Column("question", "text", "What to ask."),
            _PERSON,
            Column("due", "date", "By when."),
            Column("status", "choice", "open or done.", choices=("open", "done")),
        )),
        Table("effort", "What one account of each category takes, and how it is treated.", (
            _id("category", "The category of account.", choices=BOXES),
            Column("days", "number", "Days a year for one account.", low=0, high=366),
            Column("money", "number", "Money a year for one account, besides the days.", low=0),
            Column("planned", "number", "How many such accounts we mean to have.", low=0, high=100_000),
            Column("approach", "choice", "How these accounts are sold to.", choices=APPROACHES),
            Column("avoid", "text", "What must not happen to these accounts."),
        )),
        Table("bases", "In what the four categories are treated differently, besides the usual bases.", (
            _id("basis", "Short id of the basis."),
            Column("name", "text", "Name of the basis, such as Training places."),
            Column("ladder", "text", "Its rungs from least to most for the customer, with | between them; empty: numbers."),
            _NOTE,
        )),
        Table("distinction", "The least and the most that a category gets, for each basis.", (
            _id("basis", "The basis: one of the catalogue or of the table bases."),
            _id("category", "The category of account.", choices=BOXES),
            Column("min", "text", "The least each of these accounts gets."),
            Column("max", "text", "The most any of these accounts gets."),
            Column("test_bed", "yesno", "Is it a planned test bed that it gets so much?"),
            _NOTE,
        )),
        Table("services", "What is done for customers besides the offer itself: who wants it, who pays.", (
            _id("service", "Short id of the service."),
            Column("name", "text", "Name of the service, such as Printed policies."),
            Column("cost", "number", "What it costs us a year.", low=0),
            Column("valued", "yesno", "Do customers value it?"),
            Column("good_at", "yesno", "Are we good at it?"),
            Column("new", "yesno", "Is it newly introduced?"),
            Column("who_pays", "choice", "Who pays for it.", choices=("customer", "part of the package", "shared", "us")),
            Column("action", "choice", "What is decided.", choices=("keep", "improve", "charge", "remove")),
            Column("pilot", "text", "Where the change is tried first."),
            Column("pilot_on", "date", "When the trial begins."),
            _NOTE,
        )),
        Table("time_spent", "Days and money each customer takes today.", (
            _id("customer", "The customer.", refers="customers"),
            Column("days", "number", "Days a year spent on it, all people together.", low=0, high=100_000),
            Column("money", "number", "Money a year spent on it, besides the days.", low=0),
            _NOTE,
        )),
        Table("channel_moves", "Contacts that are to move to another channel, by category.", (
            _id("category", "The category of account.", choices=BOXES),
            _id("source", "From which channel.", choices=CHANNELS),
            _id("target", "To which channel.", choices=CHANNELS),
            Column("share_pct", "number", "How many of them, in %.", low=0, high=100),
            _NOTE,
        )),
        Table("stages", "The chain of doing business with us, as a customer walks it.", (
            _id("customer", "The customer.", refers="customers"),
            _id("stage", "Short id of the stage."),
            Column("name", "text", "Name of the stage, such as Ask for a quote."),
            Column("level", "choice", "corporate: the customer's own business with us; end_customer: through it to its customers.",
                   choices=CHAINS),
            Column("place", "number", "Where in the chain, 1 is the first.", low=1, high=1000, step=1),
            Column("trouble", "text", "What can go wrong or is a burden there."),
            _NOTE,
        )),
        Table("ideas", "What could help a customer: ideas of the positive impact analysis.", (
            _id("idea", "Short id of the idea."),
            Column("name", "text", "The idea in a few words."),
            Column("customer", "id", "Whom it would help.", refers="customers"),
            Column("stage", "id", "The stage of its chain."),
            Column("kind", "choice", "Something new, something better, something left out, or a price or term.",
                   choices=("add", "improve", "remove", "price")),
            Column("role", "choice", "given: expected by all; differentiator: sets us apart.", choices=ROLES),
            Column("secured", "yesno", "For a given: does it work today?"),
            Column("asked_for", "yesno", "Has the customer asked for it already?"),
            Column("customer_gain", "number", "What it is worth to the customer a year, less what it costs it."),
            Column("our_gain", "number", "What it is worth to us a year, less what it costs us."),
            Column("partner", "text", "Who could do it with us."),
            Column("evidence", "text", "How we know that the customer would value it."),
            Column("class", "choice", "The class the team decided, where it is not the suggested one.", choices=("A", "B", "C")),
            Column("reason", "text", "Why the team decided so."),
            _PERSON, _ON, _NOTE,
        )),
        Table("ratings", "How each idea was screened: eight questions, and the test of lock-in.", (
            _id("idea", "The idea.", refers="ideas"),
            _id("question", "The question."),
            Column("rating", "choice", "good, OK or bad; for lock-in yes or no.", choices=("good", "OK", "bad", "yes", "no")),
            _NOTE, _PERSON, _ON,
        )),
        Table("projects", "Ideas that are done: who, when, with what.", (
            _id("project", "Short id of the project."),
            Column("name", "text", "Name of the project."),
            Column("customer", "id", "For whom.", refers="customers"),
            Column("idea", "id", "The idea it carries out.", refers="ideas"),
            Column("owner", "id", "Who answers for it.", refers="people"),
            Column("team", "text", "Who else works on it."),
            Column("starts", "date", "When it begins."),
            Column("ends", "date", "When it is done."),
            Column("days", "number", "Days of our people it takes in all.", low=0, high=100_000),
            Column("money", "number", "Money it takes in all, besides the days.", low=0),
            Column("risk", "text", "What could take its people or its money away."),
            Column("contingency", "text", "What we do then."),
            Column("status", "choice", "How it stands.", choices=("planned", "running", "done", "stopped")),
            _NOTE,
        )),
        Table("actions", "The work plan of a project: its steps with a name and a date.", (
            _id("project", "The project.", refers="projects"),
            _id("step", "Short id of the step."),
            Column("name", "text", "What is done."),
            Column("due", "date", "By when."),
            Column("person", "id", "Who does it.", refers="people"),
            Column("done", "yesno", "Is it done?"),
            _NOTE,
        )),
        Table("forecast", "Sales so far and sales planned, year by year.", (
            _id("subject", "all for the whole business, or a segment."),
            _id("year", "The year, such as 2026."),
            Column("amount", "number", "Sales of that year.", low=0),
            Column("kind", "choice", "What happened, or what is planned.", choices=("actual", "planned")),
            _NOTE,
        )),
        Table("junctions", "The market map: every point a product passes on its way to the end-customer.", (
            _id("junction", "Short id of the point."),
            Column("name", "text", "Name of the point, such as Networks or Employers."),
            Column("stage", "number", "How far from the supplier, 1 is next to us; empty: as the routes say.",
                   low=0, high=50, step=1),
            Column("size", "number", "Size of the whole market there, in the basis of the map.", low=0),
            Column("leverage", "yesno", "Is this where the choice of supplier is made?"),
            Column("decided", "choice", "At which level it is decided.",
                   choices=("globally", "regionally", "locally")),
            Column("approach", "choice", "Do we push through the channel or pull through the brand?",
                   choices=("push", "pull", "both")),
            _NOTE,
        )),
        Table("junction_shares", "What we and each competitor have at a point of the market map.", (
            _id("junction", "The point of the market map.", refers="junctions"),
            _id("supplier", "us or a competitor.", refers="suppliers"),
            Column("amount", "number", "Business there, in the basis of the map.", low=0),
            Column("share_pct", "number", "Or its share of the market there, in %.", low=0, high=100),
            _NOTE,
        )),
        Table("routes", "The market map: from which point to which the business flows.", (
            _id("origin", "Where it comes from.", refers="junctions"),
            _id("target", "Where it goes to.", refers="junctions"),
            Column("amount", "number", "How much, in the basis of the map.", low=0),
            _NOTE,
        )),
        Table("ledger", "What each customer bought, year by year.", (
            _id("customer", "The customer.", refers="customers"),
            _id("year", "The year, such as 2025."),
            Column("revenue", "number", "Sales of that year, after discounts and credits."),
            Column("cost_of_sales", "number", "What the goods or services sold cost us, as far as it is known."),
            Column("uncosted", "number", "The part of the revenue whose cost is not known; empty means none."),
            Column("discount", "number", "Discounts given, already taken off the revenue."),
            Column("freight", "number", "Freight we paid; part of the cost to serve."),
            Column("orders", "number", "How many orders or lines.", low=0),
            Column("months", "number", "Months of the year that are covered; empty means all twelve.",
                   low=0, high=12, step=1),
            _NOTE,
        )),
        Table("pools", "The groups of people whose time serves customers, and what that time costs.", (
            _id("pool", "Short id of the group."),
            Column("name", "text", "Name of the group, such as Customer service."),
            Column("cost", "number", "What it costs a year, salaries and all that goes with them.", low=0),
            Column("minutes", "number", "Minutes a year that are paid for.", low=0),
            Column("practical_pct", "number", "How much of them can be worked, in %; empty means 80.",
                   low=1, high=100),
            _NOTE,
        )),
        Table("activities", "What is done for customers, and what it takes each time.", (
            _id("activity", "Short id of the activity."),
            Column("name", "text", "Name of the activity, such as Answer a query."),
            Column("driver", "text",
                   "What is counted, such as queries; orders come from the ledger where nobody counts them."),
            Column("pool", "id", "Whose time it takes.", refers="pools"),
            Column("minutes", "number", "Minutes it takes each time.", low=0),
            Column("cost", "number", "Or what it costs a year in all, to be shared out by the count.", low=0),
            _NOTE,
        )),
        Table("time_terms", "What makes an activity take longer: the terms of its time equation.", (
            _id("activity", "The activity.", refers="activities"),
            _id("term", "Short id of the circumstance."),
            Column("name", "text", "Name of the circumstance, such as By air."),
            Column("minutes", "number", "Minutes more (or fewer) each time."),
        )),
        Table("activity_counts", "How often each activity was done for each customer in a year.", (
            _id("customer", "The customer.", refers="customers"),
            _id("activity", "The activity.", refers="activities"),
            _id("term", "The circumstance; empty for the activity itself."),
            Column("count", "number", "How often in the year.", low=0),
            _NOTE,
        )),
        Table("outlook", "How long each customer is likely to stay and to grow, as a range.", (
            _id("customer", "The customer.", refers="customers"),
            Column("retention_low_pct", "number", "Chance that it is still here a year later, in %, at worst.",
                   low=0, high=100),
            Column("retention_high_pct", "number", "The same at best.", low=0, high=100),
            Column("growth_low_pct", "number", "Growth of its profit a year, in %, at worst; empty means 0.",
                   low=-100, high=1000),
            Column("growth_high_pct", "number", "The same at best.", low=-100, high=1000),
            _NOTE,
        )),
        Table("cohorts", "Customers that began together, and how many are left year after year.", (
            _id("segment", "The segment, or all."),
            _id("cohort", "Who began together, such as 2019."),
            _id("age", "Years since they began; 0 is the beginning."),
            Column("customers", "number", "How many are still here.", low=0),
        )),
        Table("won_lost", "Customers won and customers lost, with what they were worth.", (
            _id("year", "The year."),
            _id("account", "Short id of the customer won or lost."),
            Column("name", "text", "Its name."),
            Column("kind", "choice", "Won or lost.", choices=("won", "lost")),
            Column("profit", "number", "Profit a year: expected of the won, last known of the lost."),
            _NOTE,
        )),
        Table("contacts", "How often we were in contact with each customer in a year, by channel.", (
            _id("customer", "The customer.", refers="customers"),
            _id("channel", "The channel.", choices=CHANNELS),
            Column("contacts", "number", "How many in the year.", low=0),
        )),
        Table("rounds", "Where earlier rounds left each customer.", (
            _id("round", "The round, such as 2025."),
            _id("customer", "The customer.", refers="customers"),
            Column("y", "number", "Attractiveness then."),
            Column("y_line", "number", "The segment's average then."),
            Column("x", "number", "Relative strength then."),
            Column("box", "choice", "The box it stood in.", choices=BOXES),
            Column("decision", "choice", "What was decided.", choices=BOXES),
            _ON,
        )),
        Table("scenarios", "Named sets of changes: what-ifs of the team, and earlier rounds as they were.", (
            _id("scenario", "Short id of the scenario."),
            Column("name", "text", "Its name, such as We lose the price war."),
            Column("kind", "choice", "A what-if, or an earlier round as it was; empty: a what-if.", choices=("what_if", "round")),
            Column("line", "choice", "Where the line of attractiveness stands; empty: as in the workbook.", choices=("mean", "midpoint")),
            Column("near_line", "number", "How close to a line is too close to call; empty: as in the workbook.", low=0, high=9),
            _NOTE, _PERSON, _ON,
        )),
        Table("changes", "What is otherwise in a scenario: a row for each weight, must-have or score.", (
            _id("scenario", "The scenario.", refers="scenarios"),
            _id("what", "A weight, a must-have or a score.", choices=("weight", "must_have", "score")),
            _MODEL,
            _id("subject", "Score: the customer or idea. Weight and must-have: the scope of the factor. all: every one."),
            _id("factor", "The factor; all: every one."),
            _SUPPLIER,
            Column("to", "number", "What it is then.", low=0, high=1000),
            Column("by", "number", "How much more or less it is then, where to is empty; both empty: unknown, or no must-have.",
                   low=-1000, high=1000),
        )),
        Table("answers", "Everything filled in on a sheet: checklists and exercises.", (
            _id("sheet", "The catalogue entry that asks."),
            _id("subject", "The case, segment or customer it is about."),
            _id("item", "The line of the sheet."),
            _id("field", "The column of the sheet."),
            Column("value", "text", "The answer."),
            _NOTE, _PERSON, _ON,
        )),
        Table("history", "Every change, written by the store alone.", (
            Column("at", "text", "When, in UTC."),
            Column("who", "text", "Who."),
            Column("table", "text", "Which table."),
            Column("key", "text", "Which row, as JSON."),
            Column("column", "text", "Which column."),
            Column("old", "text", "What was there."),
            Column("new", "text", "What is there now."),
        )),
    )
}  # fmt: skip
