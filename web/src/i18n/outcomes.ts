/** How a case ended: officers and the desk read the same words. */
const en = {
  outcome_theft_recovered_arrest: "Theft: found, suspect arrested",
  outcome_theft_recovered: "Theft: found",
  outcome_theft_not_recovered: "Theft: not found",
  outcome_borrowed_by_family: "Borrowed by family",
  outcome_owner_error: "Owner's mistake",
  outcome_towed_by_authority: "Towed by an authority",
  outcome_maintenance: "Maintenance",
  outcome_gps_drift: "Position was wrong",
  outcome_device_fault: "Tracker is faulty",
  outcome_fire: "There was a fire",
  outcome_test: "A test",
  outcome_unknown: "Not known",
};

const zh: typeof en = {
  outcome_theft_recovered_arrest: "盗窃: 已找回并抓获嫌疑人",
  outcome_theft_recovered: "盗窃: 已找回",
  outcome_theft_not_recovered: "盗窃: 未找回",
  outcome_borrowed_by_family: "家人借用",
  outcome_owner_error: "车主误操作",
  outcome_towed_by_authority: "被执法部门拖走",
  outcome_maintenance: "维修",
  outcome_gps_drift: "定位漂移",
  outcome_device_fault: "定位器故障",
  outcome_fire: "确有火情",
  outcome_test: "测试",
  outcome_unknown: "不明",
};

export const outcomes = { en, zh };
