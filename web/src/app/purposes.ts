/** Why somebody may look at what tells of a vehicle's movement, by role (docs/api.md). */

const PURPOSES: Record<string, readonly string[]> = {
  desk: ["PATROL_INCIDENT", "CASE", "FIRE"],
  operator: ["MAINTENANCE"],
  admin: ["ADMIN_CHECK", "CASE", "MAINTENANCE", "FIRE"],
};

/** The usual one first. None: this role may not look. */
export function purposesOf(role: string): readonly string[] {
  return PURPOSES[role] ?? [];
}
