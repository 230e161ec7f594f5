(* --- integrals between two numbers: they exist, and are Lipschitz in their ends --- *)
Lemma continuous_bounded : forall a b (f : R -> R), a <= b -> (forall t, a <= t <= b -> continuous f t) ->
  exists M, 0 <= M /\ forall t, a <= t <= b -> Rabs (f t) <= M.
Proof.
  intros a b f H C. destruct (continuity_ab_maj (fun t => Rabs (f t)) a b H) as [y [Y1 Y2]].
  - intros. apply continuity_pt_filterlim. apply (continuous_comp f Rabs); auto. apply continuous_Rabs.
  - exists (Rabs (f y)). split; auto using Rabs_pos.
Qed.
Lemma integral_small : forall a b z w M (f : R -> R), (forall t, a <= t <= b -> continuous f t) ->
  (forall t, a <= t <= b -> Rabs (f t) <= M) -> a <= z <= b -> a <= w <= b -> Rabs (RInt f z w) <= M * Rabs (z - w).
Proof.
  intros a b z w M f C B Z W.
  assert (I : forall x y, a <= x <= b -> a <= y <= b -> ex_RInt f x y).
  { intros. apply (ex_RInt_continuous f). intros t [T1 T2]. apply C. unfold Rmin, Rmax in *. repeat destruct Rle_dec; lra. }
  assert (K : forall x y, x <= y -> a <= x <= b -> a <= y <= b -> Rabs (RInt f x y) <= (y - x) * M).
  { intros. apply (abs_RInt_le_const f x y M); auto. intros. apply B. lra. }
  destruct (Rle_dec z w) as [H | H].
  - apply Rle_trans with (1 := K z w H Z W). rewrite Rabs_minus_sym, Rabs_pos_eq by lra. lra.
  - rewrite <- (opp_RInt_swap f) by auto. unfold opp; simpl. rewrite Rabs_Ropp.
    apply Rle_trans with (1 := K w z ltac:(lra) W Z). rewrite Rabs_pos_eq by lra. lra.
Qed.
Lemma lip_integral_from : forall a b c (f : R -> R), a <= b -> (forall t, Rmin a c <= t <= Rmax b c -> continuous f t) ->
  lip a b (fun v => RInt f v c).
Proof.
  intros a b c f H C.
  assert (O : Rmin a c <= a /\ b <= Rmax b c /\ Rmin a c <= c <= Rmax b c).
  { unfold Rmin, Rmax. repeat destruct Rle_dec; lra. }
  destruct (continuous_bounded (Rmin a c) (Rmax b c) f) as [M [P B]]; [lra | auto |].
  exists M. split; auto. intros z w Z W.
  assert (I : forall x y, Rmin a c <= x <= Rmax b c -> Rmin a c <= y <= Rmax b c -> ex_RInt f x y).
  { intros. apply (ex_RInt_continuous f). intros t [T1 T2]. apply C. split.
    apply Rle_trans with (2 := T1). now apply Rmin_glb. apply Rle_trans with (1 := T2). now apply Rmax_lub. }
  replace (RInt f z c - RInt f w c) with (RInt f z w).
  - apply (integral_small (Rmin a c) (Rmax b c)); auto; lra.
  - assert (S : RInt f z w + RInt f w c = RInt f z c).
    { apply (RInt_Chasles f z w c); apply I; lra. }
    lra.
Qed.
Lemma lip_integral_to : forall a b c (f : R -> R), a <= b -> (forall t, Rmin a c <= t <= Rmax b c -> continuous f t) ->
  lip a b (fun v => RInt f c v).
Proof.
  intros a b c f H C. destruct (lip_integral_from a b c f H C) as [L [P K]]. exists L. split; auto. intros z w Z W.
  assert (E : forall v, a <= v <= b -> RInt f c v = - RInt f v c).
  { intros. rewrite <- (opp_RInt_swap f). unfold opp; simpl. reflexivity. apply (ex_RInt_continuous f).
    intros t [T1 T2]. apply C. unfold Rmin, Rmax in *. repeat destruct Rle_dec; lra. }
  rewrite !E by auto. replace (- RInt f z c - - RInt f w c) with (- (RInt f z c - RInt f w c)) by ring.
  rewrite Rabs_Ropp. auto.
Qed.
