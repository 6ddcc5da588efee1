package answer

import (
	"cmp"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// evict chooses which spent challenges to forget before one more is added, and
// the time at or before which no challenge may be answered from then on (zero
// if that need not rise).
func evict(spent map[string]credentials.Use, now time.Time) (drop []string, floor time.Time) {
	var kept []string // keys, in the order in which their challenges were issued
	for key, use := range spent {
		if now.After(use.Expires.Add(forget)) {
			drop = append(drop, key)
		} else {
			kept = append(kept, key)
		}
	}
	slices.SortFunc(kept, func(a, b string) int {
		return cmp.Or(spent[a].Issued.Compare(spent[b].Issued), cmp.Compare(a, b))
	})
	for len(kept) >= maxSpent {
		drop = append(drop, kept[0])
		floor = spent[kept[0]].Issued
		kept = kept[1:]
	}
	return drop, floor
}
