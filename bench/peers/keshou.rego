# SPDX-License-Identifier: Apache-2.0
# The question of the gate, with every reason, for the regorus engine.
package keshou

import rego.v1

row := data.rows[input.purpose][input.kind]

user := data.users[input.user]

seat := data.seats[input.post][input.purpose][input.kind]

deny contains "purpose" if not row

deny contains "user" if not user

deny contains "need" if {
	some item in input.items
	not row.need[item]
}

deny contains "notice" if {
	row.uses
	not user.noticed
}

deny contains "consent" if {
	row.uses
	asks
	some item in input.items
	not agreed(item)
}

deny contains "sensitive" if {
	row.uses
	asks
	some item in input.items
	data.sensitive[item]
	not agreed(item)
}

deny contains "guardian" if {
	row.uses
	asks
	user.limited
	some item in input.items
	data.sensitive[item]
}

deny contains "service" if {
	row.uses
	not in_use
}

deny contains "messages" if {
	row.messages
	not wanted
}

deny contains "registration" if {
	some item in input.items
	row.registration[item]
	row.erases
	not user.over
}

deny contains "beyond_service" if {
	some item in input.items
	row.registration[item]
	not row.provides
	not row.erases
}

deny contains "grant" if {
	some item in input.items
	not granted(item)
}

deny contains "agent" if {
	agent := data.agents[input.post]
	not agent.fit
}

deny contains "contract" if {
	agent := data.agents[input.post]
	some item in input.items
	not agent.rows[input.purpose][input.kind][item]
}

deny contains "suspension" if data.suspended[input.purpose][input.kind]

asks if {
	some item in input.items
	not row.free[item]
}

agreed(item) if {
	user.consents[input.purpose]
	not user.less[input.purpose][item]
}

wanted if {
	user.consents[input.purpose]
	not user.refused
}

in_use if {
	some service in row.services
	user.services[service]
}

granted(item) if {
	seat.items[item]
	input.minute >= seat.from
	input.minute < seat.to
	here
}

here if seat.everywhere

here if seat.branches[input.where]
