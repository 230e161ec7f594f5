(* --- what is Lipschitz on an interval has a zero between different signs --- *)
Definition lip (a b : R) (u : R -> R) : Prop :=
  exists L, 0 <= L /\ forall z w, a <= z <= b -> a <= w <= b -> Rabs (u z - u w) <= L * Rabs (z - w).
Definition clamp (a b x : R) : R := Rmax a (Rmin b x).
Lemma clamp_in : forall a b x, a <= b -> a <= clamp a b x <= b.
Proof. intros. unfold clamp, Rmax, Rmin. repeat destruct Rle_dec; lra. Qed.
Lemma clamp_id : forall a b x, a <= x <= b -> clamp a b x = x.
Proof. intros. unfold clamp, Rmax, Rmin. repeat destruct Rle_dec; lra. Qed.
Lemma clamp_lip : forall a b x y, a <= b -> Rabs (clamp a b x - clamp a b y) <= Rabs (x - y).
Proof.
  intros. unfold clamp, Rmax, Rmin. repeat destruct Rle_dec; unfold Rabs; repeat destruct Rcase_abs; lra.
Qed.
Lemma lip_continuity : forall a b u, a <= b -> lip a b u -> continuity (fun x => u (clamp a b x)).
Proof.
  intros a b u H [L [P K]] x. apply continuity_pt_filterlim. apply filterlim_locally. intros eps.
  assert (D : 0 < eps / (L + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
  exists (mkposreal _ D). intros y Hy. unfold ball in *; simpl in *; unfold AbsRing_ball in *; simpl in *.
  unfold abs, minus, plus, opp in *; simpl in *. fold (u (clamp a b y) - u (clamp a b x)). fold (y - x) in Hy.
  apply Rle_lt_trans with (L * Rabs (y - x)).
  - apply Rle_trans with (1 := K _ _ (clamp_in a b y H) (clamp_in a b x H)). apply Rmult_le_compat_l; auto. now apply clamp_lip.
  - apply Rle_lt_trans with ((L + 1) * Rabs (y - x)). apply Rmult_le_compat_r; [apply Rabs_pos | lra].
    apply Rmult_lt_reg_r with (/ (L + 1)). apply Rinv_0_lt_compat; lra.
    replace ((L + 1) * Rabs (y - x) * / (L + 1)) with (Rabs (y - x)) by (field; lra). exact Hy.
Qed.
Lemma zero_between : forall a b u, a <= b -> lip a b u -> u a <= 0 <= u b \/ u b <= 0 <= u a -> exists z, a <= z <= b /\ u z = 0.
Proof.
  intros a b u H L S. destruct (IVT_cor _ a b (lip_continuity a b u H L) H) as [z [Z1 Z2]].
  - rewrite !clamp_id by lra. destruct S; nra.
  - exists z. split; auto. now rewrite clamp_id in Z2.
Qed.
Lemma lip_extremes : forall a b u, a <= b -> lip a b u -> exists z w, a <= z <= b /\ a <= w <= b /\ forall x, a <= x <= b -> u z <= u x <= u w.
Proof.
  intros a b u H L. pose proof (lip_continuity a b u H L) as C.
  destruct (continuity_ab_min _ a b H (fun x _ => C x)) as [z [Z1 Z2]].
  destruct (continuity_ab_maj _ a b H (fun x _ => C x)) as [w [W1 W2]].
  exists z, w. split; auto. split; auto. intros. specialize (Z1 x H0). specialize (W1 x H0). rewrite !clamp_id in Z1, W1 by auto. lra.
Qed.
Lemma lip_const : forall a b c, lip a b (fun _ => c).
Proof. intros. exists 0. split; [lra|]. intros. rewrite Rminus_eq_0, Rabs_R0. lra. Qed.
Lemma lip_id : forall a b, lip a b (fun z => z).
Proof. intros. exists 1. split; [lra|]. intros. lra. Qed.
Lemma lip_opp : forall a b u, lip a b u -> lip a b (fun z => - u z).
Proof.
  intros a b u [L [P H]]. exists L. split; auto. intros. replace (- u z - - u w) with (- (u z - u w)) by ring. rewrite Rabs_Ropp. auto.
Qed.
Lemma lip_plus : forall a b u v, lip a b u -> lip a b v -> lip a b (fun z => u z + v z).
Proof.
  intros a b u v [L [P H]] [M [Q K]]. exists (L + M). split; [lra|]. intros.
  replace (u z + v z - (u w + v w)) with ((u z - u w) + (v z - v w)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rmult_plus_distr_r. apply Rplus_le_compat; auto.
Qed.
Lemma lip_minus : forall a b u v, lip a b u -> lip a b v -> lip a b (fun z => u z - v z).
Proof. intros. apply (lip_plus a b u (fun z => - v z)); auto. now apply lip_opp. Qed.
Lemma lip_bounded : forall a b u, lip a b u -> exists c, 0 <= c /\ forall z, a <= z <= b -> Rabs (u z) <= c.
Proof.
  intros a b u [L [P H]]. exists (Rabs (u a) + L * Rabs (b - a)). split.
  - pose proof (Rabs_pos (u a)). pose proof (Rmult_le_pos _ _ P (Rabs_pos (b - a))). lra.
  - intros. replace (u z) with (u a + (u z - u a)) by ring. apply Rle_trans with (1 := Rabs_triang _ _).
    apply Rplus_le_compat_l. apply Rle_trans with (1 := H z a H0 ltac:(lra)). apply Rmult_le_compat_l; auto.
    rewrite !Rabs_pos_eq by lra. lra.
Qed.
Lemma lip_mult : forall a b u v, lip a b u -> lip a b v -> lip a b (fun z => u z * v z).
Proof.
  intros a b u v Hu Hv. destruct (lip_bounded a b u Hu) as [c [C1 C2]], (lip_bounded a b v Hv) as [d [D1 D2]].
  destruct Hu as [L [P H]], Hv as [M [Q K]]. exists (c * M + d * L). split.
  - pose proof (Rmult_le_pos _ _ C1 Q). pose proof (Rmult_le_pos _ _ D1 P). lra.
  - intros. replace (u z * v z - u w * v w) with (u z * (v z - v w) + v w * (u z - u w)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult, Rmult_plus_distr_r, !Rmult_assoc.
    apply Rplus_le_compat; apply Rmult_le_compat; auto using Rabs_pos.
Qed.
Lemma lip_pow : forall a b u n, lip a b u -> lip a b (fun z => u z ^ n).
Proof. intros a b u n H. induction n; simpl. apply lip_const. now apply lip_mult. Qed.
Lemma lip_comp : forall (g g' : R -> R) (P : R -> Prop), (forall y, P y -> is_derive g y (g' y) /\ continuous g' y) ->
  (forall x y z, P x -> P z -> x <= y <= z -> P y) -> forall a b u, a <= b -> lip a b u -> (forall z, a <= z <= b -> P (u z)) -> lip a b (fun z => g (u z)).
Proof.
  intros g g' P D Cx a b u H Hu HP. destruct (lip_extremes a b u H Hu) as [z [w [Z [W B]]]].
  assert (In : forall y, u z <= y <= u w -> P y) by (intros; apply (Cx (u z) y (u w)); auto).
  assert (Le : u z <= u w) by (apply (B w W)).
  destruct (continuity_ab_maj (fun y => Rabs (g' y)) (u z) (u w) Le) as [m [M1 M2]].
  { intros. apply continuity_pt_filterlim. apply (continuous_comp g' Rabs); [now apply D, In | apply continuous_Rabs]. }
  destruct Hu as [L [PL K]]. exists (Rabs (g' m) * L). split; [apply Rmult_le_pos; auto using Rabs_pos|]. intros s t Hs Ht.
  destruct (MVT_gen g (u t) (u s) g') as [c [C E]].
  - intros. apply D, In. pose proof (B s Hs). pose proof (B t Ht). unfold Rmin, Rmax in *. destruct (Rle_dec (u t) (u s)); lra.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous g). exists (g' x). apply D, In.
    pose proof (B s Hs). pose proof (B t Ht). unfold Rmin, Rmax in *. destruct (Rle_dec (u t) (u s)); lra.
  - rewrite E, Rabs_mult, Rmult_assoc. apply Rmult_le_compat; auto using Rabs_pos.
    apply M1. pose proof (B s Hs). pose proof (B t Ht). unfold Rmin, Rmax in *. destruct (Rle_dec (u t) (u s)); lra.
Qed.
Lemma lip_exp : forall a b u, a <= b -> lip a b u -> lip a b (fun z => exp (u z)).
Proof.
  intros. apply (lip_comp exp exp (fun _ => True)); auto. intros. split. apply is_derive_exp. apply continuous_exp.
Qed.
Lemma lip_tanh : forall a b u, a <= b -> lip a b u -> lip a b (fun z => tanh (u z)).
Proof.
  intros. apply (lip_comp tanh (fun y => 1 - tanh y ^ 2) (fun _ => True)); auto. intros. split. apply is_derive_tanh.
  apply (ex_derive_continuous (fun y => 1 - tanh y ^ 2)). pose proof (is_derive_tanh y) as K.
  eexists. apply (is_derive_minus (fun _ => 1) (fun y => tanh y ^ 2)). apply (is_derive_const 1). apply (is_derive_pow tanh 2). exact K.
Qed.
Lemma lip_sin : forall a b u, a <= b -> lip a b u -> lip a b (fun z => sin (u z)).
Proof. intros. apply (lip_comp sin cos (fun _ => True)); auto. intros. split. apply is_derive_sin. apply continuous_cos. Qed.
Lemma lip_cos : forall a b u, a <= b -> lip a b u -> lip a b (fun z => cos (u z)).
Proof.
  intros. apply (lip_comp cos (fun y => - sin y) (fun _ => True)); auto. intros. split. apply is_derive_cos.
  apply (continuous_opp sin). apply continuous_sin.
Qed.
Lemma lip_atan : forall a b u, a <= b -> lip a b u -> lip a b (fun z => atan (u z)).
Proof.
  intros. apply (lip_comp atan (fun y => / (1 + Rsqr y)) (fun _ => True)); auto. intros. split. apply is_derive_atan.
  apply (ex_derive_continuous (fun y => / (1 + Rsqr y))). unfold Rsqr. auto_derive. pose proof (Rle_0_sqr y). unfold Rsqr in *. lra.
Qed.
Lemma lip_inv_positive : forall a b u, a <= b -> lip a b u -> (forall z, a <= z <= b -> 0 < u z) -> lip a b (fun z => / u z).
Proof.
  intros. apply (lip_comp Rinv (fun y => - / y ^ 2) (fun y => 0 < y)); auto; [|intros; lra]. intros. split.
  auto_derive. lra. field. lra.
  apply (ex_derive_continuous (fun y => - / y ^ 2)). auto_derive. apply Rgt_not_eq. simpl. nra.
Qed.
Lemma lip_ln : forall a b u, a <= b -> lip a b u -> (forall z, a <= z <= b -> 0 < u z) -> lip a b (fun z => ln (u z)).
Proof.
  intros. apply (lip_comp ln Rinv (fun y => 0 < y)); auto; [|intros; lra]. intros. split. now apply is_derive_ln.
  apply continuous_Rinv. lra.
Qed.
Lemma lip_sqrt : forall a b u, a <= b -> lip a b u -> (forall z, a <= z <= b -> 0 < u z) -> lip a b (fun z => sqrt (u z)).
Proof.
  intros. apply (lip_comp sqrt (fun y => / (2 * sqrt y)) (fun y => 0 < y)); auto; [|intros; lra]. intros y Hy.
  pose proof (sqrt_lt_R0 y Hy). split. auto_derive; auto. field. lra.
  apply (ex_derive_continuous (fun y => / (2 * sqrt y))). auto_derive. split; auto. split; auto. apply Rgt_not_eq. lra.
Qed.
Lemma lip_inv : forall a b u, a <= b -> lip a b u -> (forall z, a <= z <= b -> u z <> 0) -> lip a b (fun z => / u z).
Proof.
  intros a b u H L N. destruct (lip_mult a b u (fun z => / (u z * u z))) as [M [P K]]; auto.
  - apply (lip_inv_positive a b (fun z => u z * u z)); auto. now apply lip_mult. intros. specialize (N z H0). nra.
  - exists M. split; auto. intros. specialize (K z w H0 H1).
    replace (/ u z) with (u z * / (u z * u z)) by (field; auto). replace (/ u w) with (u w * / (u w * u w)) by (field; auto). exact K.
Qed.
Lemma lip_div : forall a b u v, a <= b -> lip a b u -> lip a b v -> (forall z, a <= z <= b -> v z <> 0) -> lip a b (fun z => u z / v z).
Proof. intros. apply (lip_mult a b u (fun z => / v z)); auto. now apply lip_inv. Qed.
Lemma lip_abs : forall a b u, lip a b u -> lip a b (fun z => Rabs (u z)).
Proof. intros a b u [L [P H]]. exists L. split; auto. intros. apply Rle_trans with (1 := Rabs_triang_inv2 _ _). auto. Qed.
Lemma lip_ext : forall a b u v, (forall z, u z = v z) -> lip a b u -> lip a b v.
Proof. intros a b u v E [L [P H]]. exists L. split; auto. intros. rewrite <- !E. auto. Qed.
Lemma lip_max : forall a b u v, lip a b u -> lip a b v -> lip a b (fun z => Rmax (u z) (v z)).
Proof.
  intros. apply lip_ext with (fun z => (u z + v z + Rabs (u z - v z)) * / 2). intros; symmetry; apply rmax_abs.
  apply (lip_mult a b (fun z => u z + v z + Rabs (u z - v z))); [|apply lip_const].
  apply (lip_plus a b (fun z => u z + v z)). now apply lip_plus. now apply (lip_abs a b (fun z => u z - v z)), lip_minus.
Qed.
Lemma lip_min : forall a b u v, lip a b u -> lip a b v -> lip a b (fun z => Rmin (u z) (v z)).
Proof.
  intros. apply lip_ext with (fun z => (u z + v z - Rabs (u z - v z)) * / 2). intros; symmetry; apply rmin_abs.
  apply (lip_mult a b (fun z => u z + v z - Rabs (u z - v z))); [|apply lip_const].
  apply (lip_minus a b (fun z => u z + v z)). now apply lip_plus. now apply (lip_abs a b (fun z => u z - v z)), lip_minus.
Qed.
(* --- means that depend on a parameter --- *)
Definition steady (a b : R) (f : R -> R -> R) : Prop :=
  exists c k, 0 <= c /\ forall z w x, a <= z <= b -> a <= w <= b ->
    Rabs (f z x) <= c * exp (INR k * Rabs x) /\ Rabs (f z x - f w x) <= c * exp (INR k * Rabs x) * Rabs (z - w).
Lemma steady_more : forall (c d : R) (k l : nat) x, 0 <= c -> c <= d -> (k <= l)%nat -> c * exp (INR k * Rabs x) <= d * exp (INR l * Rabs x).
Proof.
  intros. apply Rmult_le_compat; auto. left; apply exp_pos. apply exp_more, Rmult_le_compat_r. apply Rabs_pos. now apply le_INR.
Qed.
Lemma steady_lip : forall a b u, lip a b u -> steady a b (fun z _ => u z).
Proof.
  intros a b u H. destruct (lip_bounded a b u H) as [c [C1 C2]]. destruct H as [L [P K]]. exists (c + L), O. split; [lra|].
  intros. simpl. rewrite Rmult_0_l, exp_0, Rmult_1_r. split. specialize (C2 z H). lra.
  apply Rle_trans with (1 := K z w H H0). apply Rmult_le_compat_r. apply Rabs_pos. lra.
Qed.
Lemma steady_var : forall a b, steady a b (fun _ x => x).
Proof.
  intros. exists 1, 1%nat. split; [lra|]. intros. simpl. rewrite !Rmult_1_l, Rminus_eq_0, Rabs_R0. pose proof (exp_pos (Rabs x)). split.
  - destruct (Req_dec (Rabs x) 0) as [->|N]. left; apply exp_pos. pose proof (Rabs_pos x). pose proof (exp_ineq1 (Rabs x) ltac:(lra)). lra.
  - apply Rmult_le_pos. lra. apply Rabs_pos.
Qed.
Lemma steady_two : forall a b f g, steady a b f -> steady a b g -> exists c k, 0 <= c /\ forall z w x, a <= z <= b -> a <= w <= b ->
  Rabs (f z x) <= c * exp (INR k * Rabs x) /\ Rabs (f z x - f w x) <= c * exp (INR k * Rabs x) * Rabs (z - w) /\
  Rabs (g z x) <= c * exp (INR k * Rabs x) /\ Rabs (g z x - g w x) <= c * exp (INR k * Rabs x) * Rabs (z - w).
Proof.
  intros a b f g [c [k [C H]]] [d [l [D K]]]. exists (c + d), (Nat.max k l). split; [lra|]. intros z w x Hz Hw.
  specialize (H z w x Hz Hw). specialize (K z w x Hz Hw). pose proof (Rabs_pos (z - w)) as A1.
  pose proof (steady_more c (c + d) k (Nat.max k l) x C ltac:(lra) ltac:(lia)) as A2.
  pose proof (steady_more d (c + d) l (Nat.max k l) x D ltac:(lra) ltac:(lia)) as A3.
  destruct H as [H1 H2], K as [K1 K2]. repeat split; try lra; eapply Rle_trans; eauto; now apply Rmult_le_compat_r.
Qed.
Lemma steady_sum : forall a b f g h, steady a b f -> steady a b g ->
  (forall z x, Rabs (h z x) <= Rabs (f z x) + Rabs (g z x)) ->
  (forall z w x, Rabs (h z x - h w x) <= Rabs (f z x - f w x) + Rabs (g z x - g w x)) -> steady a b h.
Proof.
  intros a b f g h F G H K. destruct (steady_two a b f g F G) as [c [k [C B]]]. exists (2 * c), k. split; [lra|].
  intros z w x Hz Hw. destruct (B z w x Hz Hw) as [B1 [B2 [B3 B4]]]. specialize (H z x). specialize (K z w x).
  split; rewrite ?(Rmult_assoc 2); lra.
Qed.
Lemma steady_mult : forall a b f g, steady a b f -> steady a b g -> steady a b (fun z x => f z x * g z x).
Proof.
  intros a b f g F G. destruct (steady_two a b f g F G) as [c [k [C B]]]. exists (2 * (c * c)), (k + k)%nat.
  split; [pose proof (Rmult_le_pos _ _ C C); lra|]. intros z w x Hz Hw. destruct (B z w x Hz Hw) as [B1 [B2 [B3 B4]]].
  destruct (B w z x Hw Hz) as [B5 _]. set (e := c * exp (INR k * Rabs x)) in *.
  assert (E : c * c * exp (INR (k + k) * Rabs x) = e * e).
  { unfold e. rewrite plus_INR, Rmult_plus_distr_r, exp_plus. ring. }
  rewrite (Rmult_assoc 2), E. assert (0 <= e) by (pose proof (Rabs_pos (f z x)); lra). pose proof (Rmult_le_pos _ _ H H). split.
  - rewrite Rabs_mult. apply Rle_trans with (e * e); [|lra]. apply Rmult_le_compat; auto using Rabs_pos.
  - replace (f z x * g z x - f w x * g w x) with ((f z x - f w x) * g z x + f w x * (g z x - g w x)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult.
    replace (2 * (e * e) * Rabs (z - w)) with (e * Rabs (z - w) * e + e * (e * Rabs (z - w))) by ring.
    apply Rplus_le_compat; apply Rmult_le_compat; auto using Rabs_pos.
Qed.
Lemma steady_pow : forall a b f n, steady a b f -> steady a b (fun z x => f z x ^ n).
Proof. intros a b f n F. induction n; simpl. apply (steady_lip a b (fun _ => 1)), lip_const. now apply steady_mult. Qed.
Lemma tanh_lip : forall x y, Rabs (tanh x - tanh y) <= Rabs (x - y).
Proof.
  intros. destruct (MVT_gen tanh y x (fun t => 1 - tanh t ^ 2)) as [c [C E]].
  - intros. apply is_derive_tanh.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous tanh). eexists. apply is_derive_tanh.
  - rewrite E, Rabs_mult. rewrite <- (Rmult_1_l (Rabs (x - y))) at 2. apply Rmult_le_compat_r. apply Rabs_pos.
    pose proof (tanh_bound c) as B. apply Rabs_le_between in B. apply Rabs_le. simpl. nra.
Qed.
Lemma steady_tanh : forall a b f, steady a b f -> steady a b (fun z x => tanh (f z x)).
Proof.
  intros a b f [c [k [C H]]]. exists (c + 1), k. split; [lra|]. intros z w x Hz Hw. destruct (H z w x Hz Hw) as [H1 H2].
  assert (1 <= exp (INR k * Rabs x)).
  { rewrite <- exp_0. apply exp_more, Rmult_le_pos. apply pos_INR. apply Rabs_pos. }
  assert (0 <= c * exp (INR k * Rabs x)) by (apply Rmult_le_pos; lra). pose proof (Rabs_pos (z - w)).
  split. rewrite Rmult_plus_distr_r. pose proof (tanh_bound (f z x)). lra.
  apply Rle_trans with (1 := tanh_lip _ _), Rle_trans with (1 := H2). apply Rmult_le_compat_r; lra.
Qed.
(* Formulas whose parameters are functions of z. *)
Fixpoint plain (t : term) : bool :=
  match t with
  | Var => true | Par _ => true | Num _ => true | Neg a => plain a | Pow a _ => plain a | Exp _ => false | Tanh a => plain a
  | Div a (Num z) => plain a | Div _ _ => false
  | Add a b => plain a && plain b | Sub a b => plain a && plain b | Mul a b => plain a && plain b
  | Max a b => plain a && plain b | Min a b => plain a && plain b
  end.
Lemma steady_term : forall a b us t, plain t = true -> List.Forall (lip a b) us ->
  steady a b (fun z x => value (List.map (fun u => u z) us) t x).
Proof.
  intros a b us t H U. induction t; cbn [plain value] in *; try discriminate H; parts.
  - apply steady_var.
  - assert (E : exists u, lip a b u /\ forall z, List.nth k (List.map (fun u => u z) us) 0 = u z).
    { clear H. revert k. induction U; intros k. exists (fun _ => 0). split. apply lip_const. intros; now destruct k.
      destruct k as [|k]. exists x. split; auto. apply IHU. }
    destruct E as [u [E1 E2]]. destruct (steady_lip a b u E1) as [c [l [C K]]]. exists c, l. split; auto. intros. rewrite !E2. now apply K.
  - apply (steady_lip a b (fun _ => IZR z)), lip_const.
  - apply (steady_mult a b (fun _ _ => -1) _ (steady_lip a b (fun _ => -1) (lip_const a b (-1)))) in IHt; auto.
    destruct IHt as [c [k [C K]]]. exists c, k. split; auto. intros z w x Hz Hw.
    specialize (K z w x Hz Hw). replace (- value (List.map (fun u => u z) us) t x) with (-1 * value (List.map (fun u => u z) us) t x) by ring.
    replace (- value (List.map (fun u => u w) us) t x) with (-1 * value (List.map (fun u => u w) us) t x) by ring. exact K.
  - eapply steady_sum; [now apply IHt1 | now apply IHt2 | intros; apply Rabs_triang |].
    intros z w x. replace (value (List.map (fun u => u z) us) t1 x + value (List.map (fun u => u z) us) t2 x - (value (List.map (fun u => u w) us) t1 x + value (List.map (fun u => u w) us) t2 x)) with
     ((value (List.map (fun u => u z) us) t1 x - value (List.map (fun u => u w) us) t1 x) + (value (List.map (fun u => u z) us) t2 x - value (List.map (fun u => u w) us) t2 x)) by ring. apply Rabs_triang.
  - eapply steady_sum; [now apply IHt1 | now apply IHt2 | |].
    intros; unfold Rminus; eapply Rle_trans; [apply Rabs_triang | rewrite Rabs_Ropp; lra].
    intros z w x. replace (value (List.map (fun u => u z) us) t1 x - value (List.map (fun u => u z) us) t2 x - (value (List.map (fun u => u w) us) t1 x - value (List.map (fun u => u w) us) t2 x)) with
     ((value (List.map (fun u => u z) us) t1 x - value (List.map (fun u => u w) us) t1 x) + - (value (List.map (fun u => u z) us) t2 x - value (List.map (fun u => u w) us) t2 x)) by ring.
    eapply Rle_trans; [apply Rabs_triang | rewrite Rabs_Ropp; lra].
  - apply steady_mult; auto.
  - destruct t2; try discriminate H. cbn [value]. apply (steady_mult a b _ (fun _ _ => / IZR z)). auto.
    apply (steady_lip a b (fun _ => / IZR z)), lip_const.
  - now apply steady_pow, IHt.
  - now apply steady_tanh, IHt.
  - eapply steady_sum; [now apply IHt1 | now apply IHt2 | |]; intros; unfold Rmax, Rabs; repeat destruct Rle_dec; repeat destruct Rcase_abs; lra.
  - eapply steady_sum; [now apply IHt1 | now apply IHt2 | |]; intros; unfold Rmin, Rabs; repeat destruct Rle_dec; repeat destruct Rcase_abs; lra.
Qed.
Lemma exp_abs_continuous : forall c k x, continuous (fun x => c * exp (INR k * Rabs x)) x.
Proof.
  intros. apply (continuous_mult (fun _ => c) (fun x => exp (INR k * Rabs x))). apply continuous_const.
  apply (continuous_comp (fun x => INR k * Rabs x) exp); [|apply continuous_exp].
  apply (continuous_mult (fun _ => INR k) Rabs). apply continuous_const. apply continuous_Rabs.
Qed.
Lemma mean_steady : forall a b f, (forall z x, continuous (f z) x) -> steady a b f -> lip a b (fun z => Mean (f z)).
Proof.
  intros a b f Ct [c [k [C H]]]. set (R0 := 2 * INR k + 1). assert (F : 2 * INR k < R0) by (unfold R0; lra).
  set (e := fun x => c * exp (INR k * Rabs x)).
  assert (Ee : forall x, Rabs (e x) <= c * exp (INR k * Rabs x)).
  { intros. unfold e. rewrite Rabs_pos_eq. lra. apply Rmult_le_pos; auto. left; apply exp_pos. }
  destruct (whole_exists e c k R0 (exp_abs_continuous c k) Ee F) as [M [_ MB]].
  assert (MP : 0 <= M + 1).
  { destruct (tails_vanish e c k R0 Ee F 1 Rlt_0_1) as [N [N1 N2]]. specialize (MB N N1). apply Rabs_le_between in MB.
    assert (0 <= RInt (fun x => e x * bell x) (- N) N); [|lra]. apply RInt_ge_0. pose proof (R0_nonneg k R0 F). lra.
    apply (g_integrable e (exp_abs_continuous c k)). intros. apply Rmult_le_pos. unfold e. apply Rmult_le_pos; auto. left; apply exp_pos. left; apply exp_pos. }
  pose proof sqrt_2pi as SP. exists ((M + 1) / sqrt (2 * PI)). split. apply Rmult_le_pos; auto. left. now apply Rinv_0_lt_compat.
  intros z w Hz Hw.
  assert (Bz : forall x, Rabs (f z x) <= c * exp (INR k * Rabs x)) by (intros; now apply (H z w x)).
  assert (Bw : forall x, Rabs (f w x) <= c * exp (INR k * Rabs x)) by (intros; now apply (H w z x)).
  destruct (whole_exists (f z) c k R0 (Ct z) Bz F) as [Lz [Wz Tz]]. destruct (whole_exists (f w) c k R0 (Ct w) Bw F) as [Lw [Ww Tw]].
  destruct (mean_is _ _ Wz) as [_ ->], (mean_is _ _ Ww) as [_ ->].
  assert (Q : Rabs (Lz - Lw) <= (M + 1) * Rabs (z - w)).
  { apply le_epsilon. intros eps He. destruct (tails_vanish e c k R0 Ee F (Rmin 1 (eps / 2))) as [N [N1 N2]]. apply Rmin_pos; lra.
    specialize (Tz N N1). specialize (Tw N N1). specialize (MB N N1). pose proof (R0_nonneg k R0 F).
    assert (T1 : tails c k N R0 < 1) by (apply Rlt_le_trans with (1 := N2), Rmin_l).
    assert (T2 : tails c k N R0 < eps / 2) by (apply Rlt_le_trans with (1 := N2), Rmin_r).
    assert (D : Rabs (RInt (fun x => f z x * bell x) (- N) N - RInt (fun x => f w x * bell x) (- N) N) <= RInt (fun x => e x * bell x) (- N) N * Rabs (z - w)).
    { pose proof (g_integrable (f z) (Ct z) (- N) N) as Iz. pose proof (g_integrable (f w) (Ct w) (- N) N) as Iw.
      pose proof (g_integrable e (exp_abs_continuous c k) (- N) N) as Ie.
      rewrite <- (RInt_minus (fun x => f z x * bell x) (fun x => f w x * bell x)) by auto.
      rewrite (Rmult_comm (RInt _ _ _)). replace (Rabs (z - w) * RInt (fun x => e x * bell x) (- N) N) with (RInt (fun x => scal (Rabs (z - w)) (e x * bell x)) (- N) N)
        by exact (RInt_scal (fun x => e x * bell x) (- N) N (Rabs (z - w)) Ie).
      assert (Id : ex_RInt (fun x => minus (f z x * bell x) (f w x * bell x)) (- N) N) by now apply (ex_RInt_minus (fun x => f z x * bell x) (fun x => f w x * bell x)).
      assert (NN : - N <= N) by lra. apply Rle_trans with (1 := abs_RInt_le (fun x => minus (f z x * bell x) (f w x * bell x)) (- N) N NN Id). apply RInt_le. lra.
      apply (ex_RInt_norm (fun x => minus (f z x * bell x) (f w x * bell x))); auto.
      now apply (ex_RInt_scal (fun x => e x * bell x)).
      intros x _. unfold minus, plus, opp, scal; simpl. unfold mult; simpl.
      replace (f z x * bell x + - (f w x * bell x)) with ((f z x - f w x) * bell x) by ring. rewrite Rabs_mult.
      rewrite (Rabs_pos_eq (bell x)) by (left; apply exp_pos). rewrite <- Rmult_assoc. apply Rmult_le_compat_r. left; apply exp_pos.
      rewrite Rmult_comm. now apply H. }
    apply Rabs_le_between in MB. pose proof (Rabs_pos (z - w)).
    assert (RInt (fun x => e x * bell x) (- N) N * Rabs (z - w) <= (M + 1) * Rabs (z - w)) by (apply Rmult_le_compat_r; lra).
    assert (Rabs (Lz - Lw) <= Rabs (Lz - RInt (fun x => f z x * bell x) (- N) N) + (Rabs (RInt (fun x => f z x * bell x) (- N) N - RInt (fun x => f w x * bell x) (- N) N) + Rabs (Lw - RInt (fun x => f w x * bell x) (- N) N))).
    { unfold Rabs; repeat destruct Rcase_abs; lra. }
    lra. }
  replace (Lz / sqrt (2 * PI) - Lw / sqrt (2 * PI)) with ((Lz - Lw) / sqrt (2 * PI)) by (field; lra).
  unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (left; now apply Rinv_0_lt_compat).
  replace ((M + 1) * / sqrt (2 * PI) * Rabs (z - w)) with ((M + 1) * Rabs (z - w) * / sqrt (2 * PI)) by ring.
  apply Rmult_le_compat_r; auto. left; now apply Rinv_0_lt_compat.
Qed.
Lemma plain_tame : forall t, plain t = true -> tame true t = true.
Proof.
  induction t; cbn [plain tame]; intros H; parts; try discriminate H; auto; try (now rewrite IHt1, IHt2 by auto).
  destruct t2; try discriminate H. now rewrite IHt1.
Qed.
Theorem lip_mean : forall a b us t, plain t = true -> List.Forall (lip a b) us ->
  lip a b (fun z => Mean (value (List.map (fun u => u z) us) t)).
Proof.
  intros. apply (mean_steady a b (fun z => value (List.map (fun u => u z) us) t)).
  - intros. apply tame_continuous. now apply plain_tame.
  - now apply steady_term.
Qed.
Lemma zero_rising : forall a b u, a <= b -> lip a b u -> 0 <= 0 - u a -> 0 <= u b - 0 -> exists z, a <= z <= b /\ u z = 0.
Proof. intros. apply zero_between; auto. left. lra. Qed.
Lemma zero_falling : forall a b u, a <= b -> lip a b u -> 0 <= u a - 0 -> 0 <= 0 - u b -> exists z, a <= z <= b /\ u z = 0.
Proof. intros. apply zero_between; auto. right. lra. Qed.
