package notify

import "text/template/parse"

// escaper is the function that every printed value ends in. Templates cannot
// call it by name and need not: escapeAll writes it into their trees, the way
// html/template does.
const escaper = "_zesei_escape"

// escapeAll appends the escaper to each action that prints. Actions that only
// set a variable, and the text of the template itself, are left as they are.
func escapeAll(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			escapeAll(c)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) > 0 {
			return
		}
		n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{
			NodeType: parse.NodeCommand,
			Pos:      n.Pos,
			Args:     []parse.Node{parse.NewIdentifier(escaper).SetTree(nil).SetPos(n.Pos)},
		})
	case *parse.IfNode:
		escapeAll(n.List)
		escapeAll(n.ElseList)
	case *parse.RangeNode:
		escapeAll(n.List)
		escapeAll(n.ElseList)
	case *parse.WithNode:
		escapeAll(n.List)
		escapeAll(n.ElseList)
	}
}
