(* sum_r max(0, 1 - m c^r) mu_r, m = sqrt(floor(n^2/4)), from below: the weights are at least w/u, and p_r/u is at
   least m c^r, c = a/b. *)
Section Separation.
Variables (u n a b t : Z) (w p : list Z).

Fixpoint powers (before : Z) (l : list Z) : bool :=
  match l with nil => true | cons x l' => (before * a <=? x * b)%Z && powers x l' end.
Fixpoint gain (w p : list Z) : Z :=
  match w, p with
  | cons x w', cons y p' => (Z.max 0 (u - y) * Z.max 0 x + gain w' p')%Z
  | _, _ => 0%Z
  end.
Definition separation_check : bool :=
  match p with
  | nil => false
  | cons first l => (0 <? u)%Z && (0 <? b)%Z && (0 <=? a)%Z && (0 <=? first)%Z && (u * u * (n * n / 4) <=? first * first)%Z
    && powers first l && Nat.eqb (length w) (length p) && (t * u <=? gain w p)%Z
  end.

Hypothesis checked : separation_check = true.
Variable mu : nat -> R.
Hypothesis known : forall r, (r < length w)%nat -> IZR (List.nth r w 0%Z) <= IZR u * mu r /\ 0 <= mu r.

Let m := sqrt (IZR (n * n / 4)).
Let c := IZR a / IZR b.

Fixpoint from_ (k : nat) (size : nat) : R :=
  match size with O => 0 | S s => Rmax 0 (1 - m * c ^ k) * mu k + from_ (S k) s end.

Lemma gain_right : 0 < IZR u -> 0 < IZR b -> 0 <= c -> forall w' p' k x,
  (forall r, (r < length w')%nat -> IZR (List.nth r w' 0%Z) <= IZR u * mu (k + r)%nat /\ 0 <= mu (k + r)%nat) ->
  length w' = length (cons x p') -> IZR u * (m * c ^ k) <= IZR x -> powers x p' = true ->
  IZR (gain w' (cons x p')) <= IZR u * IZR u * from_ k (length w').
Proof.
  intros HU HB HC. induction w' as [|y w']; intros p' k x Hw Hl Hx Hp; [discriminate|].
  cbn [gain length from_]. rewrite plus_IZR, mult_IZR.
  destruct (Hw O ltac:(simpl; lia)) as [Hy Hm]. cbn [List.nth] in Hy. rewrite Nat.add_0_r in *.
  assert (A : IZR (Z.max 0 (u - x)) <= IZR u * Rmax 0 (1 - m * c ^ k)).
  { pose proof (Rmax_l 0 (1 - m * c ^ k)) as M0. pose proof (Rmax_r 0 (1 - m * c ^ k)) as M1.
    destruct (Z.max_spec 0 (u - x)) as [[_ ->]|[_ ->]].
    - rewrite minus_IZR. apply Rle_trans with (IZR u * (1 - m * c ^ k)); [lra|]. apply Rmult_le_compat_l; lra.
    - apply Rmult_le_pos; lra. }
  assert (B : IZR (Z.max 0 y) <= IZR u * mu k).
  { destruct (Z.max_spec 0 y) as [[_ ->]|[_ ->]]; auto. apply Rmult_le_pos; lra. }
  assert (A0 : 0 <= IZR (Z.max 0 (u - x))) by (apply IZR_le; lia).
  assert (B0 : 0 <= IZR (Z.max 0 y)) by (apply IZR_le; lia).
  assert (AB : IZR (Z.max 0 (u - x)) * IZR (Z.max 0 y) <= IZR u * Rmax 0 (1 - m * c ^ k) * (IZR u * mu k))
    by (apply Rmult_le_compat; auto).
  assert (R : IZR (gain w' p') <= IZR u * IZR u * from_ (S k) (length w')).
  { destruct p' as [|z p'].
    - destruct w'; [|discriminate]. simpl. lra.
    - cbn [powers] in Hp. apply andb_true_iff in Hp as [P1 P2]. apply Z.leb_le, IZR_le in P1. rewrite !mult_IZR in P1.
      apply IHw'; auto.
      + intros r Hr. specialize (Hw (S r)). cbn [List.nth length] in Hw. rewrite Nat.add_succ_r in Hw. apply Hw. lia.
      + cbn [pow]. replace (IZR u * (m * (c * c ^ k))) with (c * (IZR u * (m * c ^ k))) by ring.
        apply Rle_trans with (c * IZR x). apply Rmult_le_compat_l; auto.
        unfold c. apply Rmult_le_reg_r with (IZR b); auto.
        replace (IZR a / IZR b * IZR x * IZR b) with (IZR x * IZR a) by (field; lra). lra. }
  lra.
Qed.

Theorem separation : IZR t / IZR u <= from_ 0 (length w).
Proof.
  unfold separation_check in checked. destruct p as [|first l] eqn:E. discriminate.
  repeat rewrite andb_true_iff in checked. destruct checked as [[[[[[[H1 H2] H3] H4] H5] H6] H7] H8].
  apply Z.ltb_lt, IZR_lt in H1, H2. apply Z.leb_le, IZR_le in H3, H4, H5, H8. apply Nat.eqb_eq in H7.
  rewrite !mult_IZR in H5. rewrite mult_IZR in H8.
  assert (C0 : 0 <= c) by (unfold c; apply Rmult_le_pos; auto; apply Rlt_le, Rinv_0_lt_compat; auto).
  assert (S0 : 0 <= IZR (n * n / 4)) by (apply IZR_le, Z.div_pos; [apply Z.square_nonneg | lia]).
  assert (X : IZR u * (m * c ^ 0) <= IZR first).
  { simpl. rewrite Rmult_1_r. apply Rsqr_incr_0_var; auto. unfold Rsqr, m.
    replace (IZR u * sqrt (IZR (n * n / 4)) * (IZR u * sqrt (IZR (n * n / 4))))
      with (IZR u * IZR u * (sqrt (IZR (n * n / 4)) * sqrt (IZR (n * n / 4)))) by ring.
    now rewrite sqrt_sqrt. }
  pose proof (gain_right H1 H2 C0 w l 0 first known H7 X H6) as G.
  apply Rmult_le_reg_l with (IZR u * IZR u). apply Rmult_lt_0_compat; auto.
  replace (IZR u * IZR u * (IZR t / IZR u)) with (IZR t * IZR u) by (field; lra). lra.
Qed.
End Separation.
