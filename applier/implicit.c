#include "applier/implicit.h"

/* Zero as the log packs it: the sign's bit alone, which stands for "not negative". */
static const uint8_t zero_decimal[64] = {0x80};

/* Must a statement that leaves it out fail in strict mode? NULL is no answer of the master's to a column that is NOT NULL there. */
static bool is_implicit(const struct table_column *source, const struct target_column *column)
{
	return !source->nullable && !column->nullable && !column->has_default && !column->auto_increment && !column->generated &&
		!column->row_start && !column->row_end && !column->row_hash;
}

void implicit_find(struct table_binding *binding, struct arena *arena)
{
	bool *implicit = NULL;

	if (binding->table->is_sequence) { /* what the log leaves out of its row stays as it is */
		binding->implicit = NULL;
		return;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (binding->to_target[i] < 0 ||
			!is_implicit(&binding->map->columns[i], &binding->table->columns[binding->to_target[i]]))
			continue;
		if (!implicit)
			implicit = arena_zalloc(arena, binding->map->columns_count * sizeof(*implicit));
		implicit[i] = true;
	}
	binding->implicit = implicit;
}

/* Of the master's type: what its server wrote. MariaDB's VECTOR is a VARBINARY in the log, and never shorter than its width. */
static struct value implicit_value(const struct table_column *source, const struct target_column *column, struct arena *arena)
{
	switch ((enum column_type)source->type) {
	case TYPE_TINY:
	case TYPE_SHORT:
	case TYPE_INT24:
	case TYPE_LONG:
	case TYPE_LONGLONG:
		return (struct value){.kind = source->sign == SIGN_UNSIGNED ? VALUE_UINT : VALUE_INT};
	case TYPE_FLOAT:
		return (struct value){.kind = VALUE_FLOAT};
	case TYPE_DOUBLE:
		return (struct value){.kind = VALUE_DOUBLE};
	case TYPE_NEWDECIMAL:
		return (struct value){.kind = VALUE_DECIMAL,
			.precision = source->precision,
			.scale = source->scale,
			.bytes = zero_decimal,
			.length = decimal_packed_size(source->precision, source->scale)};
	case TYPE_BIT:
		return (struct value){.kind = VALUE_BIT};
	case TYPE_YEAR:
		return (struct value){.kind = VALUE_YEAR};
	case TYPE_DATE:
	case TYPE_NEWDATE:
		return (struct value){.kind = VALUE_DATE};
	case TYPE_TIME:
	case TYPE_TIME2:
		return (struct value){.kind = VALUE_TIME};
	case TYPE_DATETIME:
	case TYPE_DATETIME2:
		return (struct value){.kind = VALUE_DATETIME};
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMP2:
		return (struct value){.kind = VALUE_TIMESTAMP};
	case TYPE_ENUM:
		return (struct value){.kind = VALUE_ENUM, .number.u = 1};
	case TYPE_SET:
		return (struct value){.kind = VALUE_SET};
	case TYPE_JSON: /* of no bytes: null */
		return (struct value){.kind = VALUE_JSON, .bytes = (const uint8_t *)""};
	case TYPE_VECTOR:
		return (struct value){.kind = column->class == COLUMN_VECTOR ? VALUE_ABSENT : VALUE_VECTOR,
			.bytes = (const uint8_t *)""};
	case TYPE_GEOMETRY:
		return (struct value){.kind = column->class == COLUMN_GEOMETRY ? VALUE_ABSENT : VALUE_GEOMETRY,
			.bytes = (const uint8_t *)""};
	case TYPE_VARCHAR:
	case TYPE_VAR_STRING:
		if (column->class == COLUMN_VECTOR)
			return (struct value){.kind = VALUE_STRING,
				.bytes = arena_zalloc(arena, source->maximum_bytes),
				.length = source->maximum_bytes};
		break;
	case TYPE_STRING:
	case TYPE_VARCHAR_COMPRESSED:
	case TYPE_TINY_BLOB:
	case TYPE_BLOB:
	case TYPE_MEDIUM_BLOB:
	case TYPE_LONG_BLOB:
	case TYPE_BLOB_COMPRESSED:
		break;
	case TYPE_DECIMAL_OLD:
	case TYPE_NULL:
	case TYPE_TYPED_ARRAY:
		return (struct value){.kind = VALUE_ABSENT};
	}
	return (struct value){.kind = VALUE_STRING, .bytes = (const uint8_t *)""};
}

void implicit_fill(const struct table_binding *binding, const struct rows_iterator *iterator, struct arena *arena)
{
	const struct table_map *map = binding->map;

	for (uint32_t i = 0; binding->implicit && i < map->columns_count; i++) {
		if (binding->implicit[i] && !bitmap_get(iterator->after_image.present, i))
			iterator->after[i] = implicit_value(&map->columns[i],
				&binding->table->columns[binding->to_target[i]], arena);
	}
}
