package passkeys

// letRecover lets the accounts function look a user up by an address, and end
// everything that signs the user in beside a password.
func (a *Accounts) letRecover() {
	a.function.allow(allowPool(a.props.UserPool, "cognito-idp:ListUsers"))
	a.function.allow(allowItems(a.props.Table, []string{mailItems},
		"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem")...)
	partitions, actions := []string{userItems}, []string{"dynamodb:Query", "dynamodb:DeleteItem"}
	if !a.props.Recovery.KeepPasskeys {
		// A removed passkey's credential id stays reserved, in a transaction that spans
		// both partitions.
		partitions, actions = append(partitions, credentialItems), append(actions, "dynamodb:UpdateItem", "dynamodb:PutItem")
	}
	a.function.allow(allowItems(a.props.Table, partitions, actions...)...)
}
