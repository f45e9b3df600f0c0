"""Evaluates metric filters and alarms as CloudWatch documents them: as much of it as template.yaml uses. Anything
else raises an error, so that a new kind of definition is not taken for one that never alarms."""

import collections
import json
import re

TERM = re.compile(r'\$\.([\w.]+) (=|!=) "([^"]*)"')
COMPARISONS = {"GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold}
STATISTICS = {
    "Sum": sum,
    "Maximum": max,
    "p99": lambda values: sorted(values)[max(0, round(0.99 * len(values)) - 1)],
}
QUERY = re.compile(r"SELECT SUM\((\w+)\) FROM SCHEMA\(\"([\w/]+)\", ([\w, ]+)\) WHERE (\w+) = '([^']+)'")


def matches(pattern, line):
    """Whether a metric filter's pattern matches a log line, which is a JSON object."""
    inner = re.fullmatch(r"\{ (.*) \}", pattern)
    if not inner:
        raise ValueError(f"not a pattern for JSON: {pattern}")
    return all([term_matches(term, line) for term in inner[1].split(" && ")])


def term_matches(term, line):
    parsed = TERM.fullmatch(term)
    if not parsed:
        raise ValueError(f"not supported in a pattern: {term}")
    path, operator, wanted = parsed.groups()
    found = field(line, path)
    if found is None:
        return False
    same = bool(re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), str(found)))
    return same == (operator == "=")


def field(line, path):
    for name in path.split("."):
        line = line.get(name) if isinstance(line, dict) else None
    return line


class CloudWatch:
    """Metrics, from a template's metric filters and from services. Times are in seconds."""

    def __init__(self, template):
        self.resources = template["Resources"]
        self.filters = [each["Properties"] for each in self.of_type("AWS::Logs::MetricFilter")]
        # By namespace, name and dimensions: time and value.
        self.metrics = collections.defaultdict(list)

    def of_type(self, kind):
        return [each for each in self.resources.values() if each["Type"] == kind]

    def log(self, time, line):
        """A line of a function or of Lambda."""
        for each in self.filters:
            if each["LogGroupName"] != {"Ref": "FunctionLogs"}:
                raise ValueError(f"filters another log group: {each}")
            if not matches(each["FilterPattern"], line):
                continue
            (metric,) = each["MetricTransformations"]
            fields = {one["Key"]: one["Value"].removeprefix("$.") for one in metric.get("Dimensions", [])}
            dimensions = {name: field(line, path) for name, path in fields.items()}
            self.put(time, metric["MetricNamespace"], metric["MetricName"], dimensions, float(metric["MetricValue"]))

    def put(self, time, namespace, name, dimensions, value=1.0):
        self.metrics[key(namespace, name, dimensions)].append((time, value))

    def alarms(self, id, now):
        """Whether the alarm is in the state ALARM if its evaluation ends at `now`."""
        alarm = self.resources[id]["Properties"]
        if alarm["TreatMissingData"] != "notBreaching":
            raise ValueError(f"treats missing data as {alarm['TreatMissingData']}")
        periods, period = alarm["EvaluationPeriods"], period_of(alarm)
        compare = COMPARISONS[alarm["ComparisonOperator"]]
        values = [self.value(alarm, now - (number + 1) * period, now - number * period) for number in range(periods)]
        breaching = [value is not None and compare(value, alarm["Threshold"]) for value in values]
        return sum(breaching) >= alarm.get("DatapointsToAlarm", periods)

    def value(self, alarm, start, end):
        """The value of the alarm's metric or expression in a period; None without data."""
        if "Metrics" not in alarm:
            dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
            statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
            found = self.data(key(alarm["Namespace"], alarm["MetricName"], dimensions), start, end)
            return STATISTICS[statistic](found) if found else None
        (returned,) = (each for each in alarm["Metrics"] if each.get("ReturnData", True))
        if query := QUERY.fullmatch(returned["Expression"]):
            name, namespace, names, filtered, wanted = query.groups()
            found = [
                value
                for one in self.metrics
                if one[:2] == (namespace, name) and {each[0] for each in one[2]} == set(names.split(", "))
                if dict(one[2])[filtered] == json.dumps(wanted)
                for value in self.data(one, start, end)
            ]
            return sum(found) if found else None
        if returned["Expression"] != "SUM(METRICS())":
            raise ValueError(f"not supported: {returned['Expression']}")
        single = [metric_of(each["MetricStat"]) for each in alarm["Metrics"] if "MetricStat" in each]
        found = [value for each in single if (value := self.value(each, start, end)) is not None]
        return sum(found) if found else None

    def data(self, metric, start, end):
        return [value for time, value in self.metrics[metric] if start <= time < end]


def key(namespace, name, dimensions):
    """A metric. The value of a dimension may be a reference to a resource."""
    return namespace, name, frozenset((name, json.dumps(value)) for name, value in dimensions.items())


def metric_of(stat):
    return stat["Metric"] | {"Statistic": stat["Stat"]}


def period_of(alarm):
    if "Period" in alarm:
        return alarm["Period"]
    (period,) = {each.get("Period") or each["MetricStat"]["Period"] for each in alarm["Metrics"] if len(each) > 2}
    return period
