"""Source and target, column by column, by HEX."""
import collections

from .columns import quoted


class Differs(AssertionError):
    pass


def _shown(server, table, target):
    by_name = {column.name: column for column in table.target_columns} if target and table.target_columns else {}
    expressions = []
    for column in table.columns:
        expressions.append(by_name.get(column.name, column).shown(target))
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone='+00:00', group_concat_max_len=1000000")
            cursor.execute("SET SESSION sql_mode=''")
            cursor.execute(f"SELECT {', '.join(expressions)} FROM {table.full_name}")
            rows = cursor.fetchall()
    finally:
        connection.close()
    return [tuple(_normal(column, value) for column, value in zip(table.columns, row)) for row in rows]


def _normal(column, value):
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if value is not None and column.normal:
        return column.normal(value)
    return value


def compare_table(source, target, table):
    """Returns the number of rows; raises Differs with the first value that is not the same."""
    left, right = _shown(source, table, False), _shown(target, table, True)
    missing = collections.Counter(left)
    missing.subtract(collections.Counter(right))
    if not any(missing.values()):
        return len(left)
    only_left = [row for row, count in missing.items() if count > 0]
    only_right = [row for row, count in missing.items() if count < 0]
    lines = [f"table {table.full_name}: {len(left)} rows on the source, {len(right)} on the target; "
             f"{len(only_left)} only on the source, {len(only_right)} only on the target"]
    hint = None
    if only_left and only_right:
        # the two rows that are most alike are the same row
        one = only_left[0]
        other = max(only_right, key=lambda row: sum(a == b for a, b in zip(one, row)))
        for column, a, b in zip(table.columns, one, other):
            if a != b:
                lines.append(f"first differing value: column {quoted(column.name)} {column.source} (target {column.target}): "
                             f"source {_cut(a)}, target {_cut(b)}")
                hint = hint or (a or "")
        lines.append("the source's row: " + ", ".join(f"{column.name}={_cut(value)}"
                                                      for column, value in zip(table.columns, one)))
    for side, rows in (("source", only_left), ("target", only_right)):
        if rows and not (only_left and only_right):
            lines += [f"only on the {side}: " + ", ".join(f"{column.name}={_cut(value)}" for column, value
                                                          in zip(table.columns, row)) for row in rows[:3]]
    raise Differs("\n".join(lines), hint)


def _cut(value):
    return value if value is None or len(str(value)) <= 200 else f"{value[:200]}… ({len(value)} digits)"
