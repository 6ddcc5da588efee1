package webauthn

import "slices"

// transports are the hints that Level 3 knows (§5.8.4).
var transports = []string{"ble", "hybrid", "internal", "nfc", "smart-card", "usb"}

// knownTransports returns those of the stated hints that Level 3 knows, once each.
func knownTransports(stated []string) []string {
	var known []string
	for _, transport := range stated {
		if slices.Contains(transports, transport) && !slices.Contains(known, transport) {
			known = append(known, transport)
		}
	}
	return known
}
