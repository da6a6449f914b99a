/** All scenarios, by name. */
import type { Scenario } from '../scenario.ts'
import { churn } from './churn.ts'
import { cluster, history } from './cluster.ts'
import { drain } from './drain.ts'
import { idle } from './idle.ts'
import { joins } from './joins.ts'
import { slow } from './slow.ts'
import { reconnect } from './storm.ts'
import { room, rooms } from './talk.ts'

export const SCENARIOS: ReadonlyMap<string, Scenario> = new Map(
  [idle, joins, room, rooms, reconnect, churn, slow, drain, history, cluster].map((scenario) => [
    scenario.name,
    scenario,
  ]),
)
