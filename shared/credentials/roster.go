package credentials

import "time"

// Person is an entry of the roster: somebody who may create an account, by keyed
// hashes of the account number, which is the entry's key, and of the address.
type Person struct {
	Address  []byte    // keyed hash of the folded e-mail address; empty: there is no entry
	Holder   string    // who reserved the entry last; empty if nobody has
	Reserved time.Time // until when
	Sub      string    // user who claimed the entry, for good; empty if nobody has
}

// Place is an entry of the roster and the address that it had for whoever found it.
type Place struct {
	Key     string
	Address []byte // keyed hash
}
